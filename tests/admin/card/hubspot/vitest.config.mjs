// Run inside a HubSpot project that the test has written.
export default {
  test: { include: ["**/*.test.tsx"], pool: "threads", maxWorkers: 1, isolate: false, cache: false },
};

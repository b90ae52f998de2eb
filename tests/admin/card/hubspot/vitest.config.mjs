// Run inside a HubSpot project that the test has written.
export default {
  test: { include: [process.env.RECORD ? "**/*.record.tsx" : "**/*.test.tsx"], pool: "threads", maxWorkers: 1, isolate: false, cache: false },
};

// Run inside a Salesforce project that the test has written; labels are read from its own label file.
const { jestConfig } = require("@salesforce/sfdx-lwc-jest/config");

module.exports = {
  ...jestConfig,
  testMatch: ["**/*.test.js"],
  moduleNameMapper: {
    ...jestConfig.moduleNameMapper,
    "^@salesforce/label/c\\.Tierline_(.*)$": "<rootDir>/words/$1.js",
  },
};

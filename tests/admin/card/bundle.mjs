/**
 * Builds the card with Salesforce's own base components for a plain browser: node bundle.mjs PROJECT OUT.
 * What only the CRM has - its data service, and the form bound to it - is stood in for by the files of `stage/`.
 */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import lwc from "@lwc/rollup-plugin";
import replace from "@rollup/plugin-replace";
import { rollup } from "rollup";

const [project, out] = process.argv.slice(2).map((path) => resolve(path));
const stage = join(project, "stage");
const SCOPED = {
  "@salesforce/i18n/locale": "export default 'en-US';",
  "@salesforce/i18n/timeZone": "export default 'UTC';",
  "@salesforce/user/Id": "export default '005000000000001AAA';",
};

const packages = join(project, "node_modules");
const ENGINE = {
  lwc: join(packages, "@lwc/engine-dom/dist/index.js"),
  "@lwc/engine-dom": join(packages, "@lwc/engine-dom/dist/index.js"),
  "@lwc/synthetic-shadow": join(packages, "@lwc/synthetic-shadow/dist/index.js"),
};

const crm = {
  name: "what-only-the-crm-has",
  resolveId(id) {
    if (id in ENGINE) {
      return ENGINE[id];
    }
    if (id.startsWith("lightning/uiRe")) {
      return join(stage, "data.js");
    }
    return id in SCOPED || id.startsWith("@salesforce/label/c.") ? `\0${id}` : null;
  },
  load(id) {
    const name = id.slice(1);
    if (id.startsWith("\0@salesforce/label/c.Tierline_")) {
      return readFileSync(join(project, "words", `${name.split(".Tierline_")[1]}.js`), "utf8");
    }
    return SCOPED[name] || null;
  },
};

const bundle = await rollup({
  input: join(stage, "main.js"),
  plugins: [
    crm,
    lwc({
      rootDir: stage,
      disableSyntheticShadowSupport: false,
      modules: [
        { dir: join(stage, "modules") },
        { name: "c/accountTier", path: join(project, "force-app/main/default/lwc/accountTier/accountTier.js") },
        { npm: "lightning-base-components" },
      ],
    }),
    replace({
      preventAssignment: true,
      values: { "process.env.NODE_ENV": '"production"', "import.meta.env.SSR": "false" },
    }),
  ],
  onwarn() {}, // of the base components' own code
});
await bundle.write({ file: join(out, "card.js"), format: "iife", inlineDynamicImports: true });

// Builds the dashboard into trainer/hub/static. No plug-ins: JSX is in the TypeScript settings.
import { defineConfig } from "vite";

export default defineConfig({
  base: "/",
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // data: URLs are not in the page's security policy
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});

// Run by node where a site is built: packs, with the very Python that the site has, what its pages need of it.
// node pack.mjs FOLDER-OF-PYODIDE ARCHIVE-OF-THE-PROGRAM LIBRARY PROGRAM (the last two are written)
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, archive, ...targets] = process.argv.slice(2);
try {
  const { loadPyodide } = await import(pathToFileURL(resolve(folder, "pyodide.mjs")));
  const python = await loadPyodide({ indexURL: resolve(folder) });
  python.unpackArchive(Uint8Array.from(readFileSync(archive)), "zip", { extractDir: "/program" });
  python.runPython('import sys; sys.path.insert(0, "/program"); from triage.web.inside import packed');
  const packed = python.runPython("packed()");
  targets.forEach((target, at) => writeFileSync(target, packed.get(at).toJs()));
} catch (error) {
  console.error(error.message); // not what node prints: the whole of Pyodide
  process.exit(1);
}

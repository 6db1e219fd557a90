// Python, apart from the page so that this can be read and scrolled meanwhile: answers a form with the next page, or null.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const pages = start();

onmessage = async ({ data }) => {
  let page = null;
  try {
    page = (await pages).answer(...data);
  } finally {
    postMessage(page);
  }
};

async function start() {
  const program = fetch("program.zip").then((answer) => answer.arrayBuffer());
  const python = await loadPyodide();
  python.unpackArchive(await program, "zip", { extractDir: "/program" });
  python.runPython('import sys; sys.path.insert(0, "/program"); from triage.web.inside import Pages');
  return python.runPython("Pages()");
}

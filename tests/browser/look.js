// What a reader would stumble over on the page as it is shown now: a list of sentences, empty if it is fine.
// `least` is the contrast that text needs; `paper`: a printer leaves backgrounds out, so white counts as well.
({ least, paper }) => {
  const shown = (element) => {
    if (element.closest("details:not([open]) > :not(summary)")) return false;
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      if (style.visibility === "hidden" || style.clipPath !== "none") return false; // for screen readers only
    }
    return true;
  };

  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    if (!node.data.trim() || !shown(node.parentElement)) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
    if (boxes.length) texts.push({ words: node.data.trim().slice(0, 60), parent: node.parentElement, boxes });
  }

  const faults = [];
  if (!texts.length) faults.push("nothing is shown");

  // Sideways, cut off
  const width = document.documentElement.clientWidth;
  const whole = document.documentElement.scrollWidth;
  if (whole > width) faults.push(`scrolls sideways: ${whole} in ${width}`);
  for (const { words, parent, boxes } of texts) {
    const drawing = parent.closest("svg");
    const frame = drawing ? drawing.getBoundingClientRect() : { left: 0, right: width, top: -Infinity, bottom: Infinity };
    for (const box of boxes) {
      const inside = box.left > frame.left - 1 && box.right < frame.right + 1;
      if (!inside || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) faults.push(`cut off: ${words}`);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (element instanceof SVGElement || !element.clientWidth || !shown(element)) continue;
    const name = `${element.tagName.toLowerCase()}#${element.closest("[id]")?.id}: ${element.textContent.trim().slice(0, 40)}`;
    if (element.scrollWidth > element.clientWidth + 1) faults.push(`wider than its box: ${name}`);
    const hides = getComputedStyle(element).overflowY !== "visible";
    if (hides && element.scrollHeight > element.clientHeight + 1) faults.push(`higher than its box: ${name}`);
  }

  // Overlapping; a line's box is a little higher than its letters
  const flat = texts.flatMap(({ words, boxes }, at) =>
    boxes.map((box) => ({ at, words, left: box.left, right: box.right, top: box.top + box.height * 0.2, bottom: box.bottom - box.height * 0.2 })),
  );
  flat.sort((one, other) => one.top - other.top);
  flat.forEach((one, index) => {
    for (let next = index + 1; next < flat.length && flat[next].top < one.bottom; next++) {
      const other = flat[next];
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      if (other.at !== one.at && across > 1.5) faults.push(`overlap: ${one.words} / ${other.words}`);
    }
  });

  // Faint
  const parsed = (color) => {
    const numbers = color.match(/^rgba?\(([^)]+)\)$/)?.[1].split(/[\s,/]+/).map(Number);
    return numbers && { rgb: numbers.slice(0, 3), alpha: numbers[3] ?? 1 };
  };
  const luminance = ([r, g, b]) => {
    const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  };
  const contrast = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = parsed(getComputedStyle(one).backgroundColor);
      if (found && found.alpha === 1) return found.rgb;
    }
    return [255, 255, 255];
  };
  for (const { words, parent } of texts) {
    const drawing = parent.closest("svg");
    const style = getComputedStyle(parent);
    const ink = parsed(drawing ? style.fill : style.color);
    const grounds = [behind(parent)];
    if (paper) grounds.push([255, 255, 255]);
    for (const area of drawing ? drawing.querySelectorAll("rect") : []) {
      const fill = parsed(getComputedStyle(area).fill);
      if (fill && fill.alpha === 1) grounds.push(fill.rgb);
    }
    const found = ink && ink.alpha === 1 ? Math.min(...grounds.map((ground) => contrast(ink.rgb, ground))) : 0;
    if (found < least) faults.push(`faint (${found.toFixed(1)}): ${words}`);
  }
  return [...new Set(faults)];
};

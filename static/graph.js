// Brings the server's picture to life: the same places, drawn by Cytoscape, so that it can be moved, enlarged, followed
// line by line and saved as PNG. Every box is a real link laid over it. Without this file the server's SVG stays; on a
// phone too, where the page's own scrolling does it better.
(function () {
  "use strict";
  const figure = document.querySelector("[data-picture]");
  const source = document.getElementById("picture-data");
  if (!figure || !source) return;

  const data = JSON.parse(source.textContent);
  const frame = figure.querySelector(".picture-frame");
  const still = figure.querySelector(".picture-still");
  if (!window.matchMedia("(min-width: 768px)").matches) {
    const middle = data.nodes.find(function (n) { return n.middle; });
    if (middle) still.scrollLeft = middle.x - still.clientWidth / 2; // what it is all about is in sight
    return;
  }
  const LEGIBLE = 0.64; // smaller than this, letters are hard to read
  const TALLEST = 720;
  const NAME = 13, NAME_LINE = 17, CAPTION = 11.5, CAPTION_LINE = 15;
  const font = getComputedStyle(document.body).fontFamily;

  function elements() {
    const found = [];
    data.frames.forEach(function (f) {
      found.push({ data: f, position: { x: f.x, y: f.y }, classes: "frame" });
      const text = f.lines.join("\n");
      found.push({ data: { id: f.id + "-head", text: text, w: 1, h: 1 }, classes: "head",
        position: { x: f.x - f.w / 2 + 12, y: f.y - f.h / 2 + 10 } });
    });
    data.lines.forEach(function (l, n) {
      const points = l.points.map(function (p) { return { x: p[0], y: p[1] }; });
      found.push({ data: { id: "line" + n, source: l.source, target: l.target, line: l, bend: bend(points), ends: [points[0], points[points.length - 1]] },
        classes: l.arrow ? "arrow" : "" });
    });
    data.nodes.forEach(function (n) {
      if (n.pile) found.push({ data: { id: n.id + "-pile", w: n.w, h: n.h }, position: { x: n.x + 4, y: n.y + 4 }, classes: "pile" });
      found.push({ data: n, position: { x: n.x, y: n.y }, classes: "node" });
      const height = n.lines.length * NAME_LINE + n.caption.length * CAPTION_LINE;
      const top = n.y - height / 2;
      found.push({ data: { id: n.id + "-name", text: n.lines.join("\n"), ink: n.ink, of: n.id }, classes: "name",
        position: { x: n.x, y: top + n.lines.length * NAME_LINE / 2 } });
      if (n.caption.length) found.push({ data: { id: n.id + "-caption", text: n.caption.join("\n"), ink: n.ink, of: n.id }, classes: "caption",
        position: { x: n.x, y: top + height - n.caption.length * CAPTION_LINE / 2 } });
    });
    return found;
  }

  // Cytoscape tells control points by how far along the line from end to end, and how far beside it.
  function bend(points) {
    const a = points[0], b = points[points.length - 1];
    const dx = b.x - a.x, dy = b.y - a.y, length = Math.hypot(dx, dy) || 1;
    const inner = points.slice(1, -1);
    return {
      along: inner.map(function (p) { return ((p.x - a.x) * dx + (p.y - a.y) * dy) / (length * length); }),
      beside: inner.map(function (p) { return ((p.y - a.y) * dx - (p.x - a.x) * dy) / length; }),
    };
  }

  function end(which) {
    return function (edge) {
      const node = edge[which === 0 ? "source" : "target"]();
      const point = edge.data("ends")[which];
      return (point.x - node.data("x")) + "px " + (point.y - node.data("y")) + "px";
    };
  }

  function dashes(style) { return style ? style.split(" ").map(Number) : [1]; }

  const look = [
    { selector: "node, edge", style: { "z-index-compare": "manual", events: "no" } },
    { selector: "node", style: { shape: "round-rectangle", "font-family": font } },
    { selector: ".frame, .pile, .node", style: { width: "data(w)", height: "data(h)" } },
    { selector: ".frame", style: { "background-color": "#fafafa", "border-width": 1, "border-color": "#8e8e8e", "z-index": 0 } },
    { selector: ".head", style: { width: 1, height: 1, "background-opacity": 0, label: "data(text)", "text-wrap": "wrap", "text-halign": "right", "text-valign": "bottom", "text-justification": "left", "font-size": NAME, "font-weight": 600, "line-height": 1.3, color: "#454545", "z-index": 1 } },
    { selector: ".pile", style: { "background-color": "#fff", "border-width": 1, "border-color": "#8e8e8e", "z-index": 2 } },
    { selector: ".node", style: {
      "background-color": "data(fill)", "border-color": function (n) { return n.data("style")[0]; }, "border-width": function (n) { return n.data("style")[1]; },
      "border-style": function (n) { return n.data("style")[2] ? "dashed" : "solid"; }, "border-dash-pattern": function (n) { return dashes(n.data("style")[2]); }, "border-position": "center", "z-index": 3 } },
    { selector: ".name, .caption", style: { width: 1, height: 1, "background-opacity": 0, label: "data(text)", "text-wrap": "wrap", "text-halign": "center", "text-valign": "center", color: "data(ink)", "z-index": 4 } },
    { selector: ".name", style: { "font-size": NAME, "font-weight": 600, "line-height": NAME_LINE / NAME } },
    { selector: ".caption", style: { "font-size": CAPTION, "line-height": CAPTION_LINE / CAPTION } },
    { selector: "edge", style: {
      "curve-style": "unbundled-bezier", "edge-distances": "endpoints",
      "control-point-weights": function (e) { return e.data("bend").along; }, "control-point-distances": function (e) { return e.data("bend").beside; },
      "source-endpoint": end(0), "target-endpoint": end(1), "z-index": 1,
      width: function (e) { return e.data("line").style[1]; }, "line-color": function (e) { return e.data("line").style[0]; },
      "line-style": function (e) { return e.data("line").style[2] ? "dashed" : "solid"; }, "line-dash-pattern": function (e) { return dashes(e.data("line").style[2]); } } },
    { selector: "edge.arrow", style: { "target-arrow-shape": "triangle", "target-arrow-color": function (e) { return e.data("line").style[0]; }, "arrow-scale": 0.75 } },
    { selector: "edge.lit", style: { "line-color": "#12436d", "target-arrow-color": "#12436d", width: function (e) { return e.data("line").style[1] + 1; }, "z-index": 2 } },
    { selector: ".faded", style: { opacity: 0.22 } },
  ];

  function start() {
    const stage = document.createElement("div");
    stage.className = "picture-stage";
    const canvas = document.createElement("div");
    canvas.className = "picture-canvas";
    canvas.setAttribute("aria-hidden", "true");
    const links = document.createElement("ul");
    links.className = "picture-links";
    links.setAttribute("aria-label", still.getAttribute("aria-label"));
    stage.append(canvas, links);
    frame.append(stage);

    const width = frame.clientWidth;
    const whole = Math.min(1, width / data.width, TALLEST / data.height);
    stage.style.height = Math.ceil(Math.min(TALLEST, data.height * Math.max(whole, LEGIBLE))) + "px";
    let cy;
    try {
      cy = cytoscape({
        container: canvas, elements: elements(), style: look, layout: { name: "preset", fit: false },
        userZoomingEnabled: false, boxSelectionEnabled: false, autoungrabify: true, autounselectify: true, minZoom: 0.1, maxZoom: 2.5,
      });
    } catch (error) {
      stage.remove(); // the still picture does
      throw error;
    }
    still.hidden = true;

    // All of it where it can be read, else legible round the middle.
    function home() {
      cy.resize();
      const fits = Math.min(1, canvas.clientWidth / data.width, canvas.clientHeight / data.height);
      if (fits >= LEGIBLE) return show(fits, data.width / 2, data.height / 2);
      const middle = data.nodes.find(function (n) { return n.middle; }) || data.nodes[0];
      const zoom = LEGIBLE;
      figure.querySelector("[data-picture-hint]").hidden = false;
      const half = { x: canvas.clientWidth / zoom / 2, y: canvas.clientHeight / zoom / 2 };
      show(zoom, within(middle.x, half.x, data.width), within(middle.y, half.y, data.height));
    }
    function within(place, half, length) { return 2 * half >= length ? length / 2 : Math.max(half, Math.min(length - half, place)); }
    function show(zoom, x, y) {
      cy.viewport({ zoom: zoom, pan: { x: canvas.clientWidth / 2 - x * zoom, y: canvas.clientHeight / 2 - y * zoom } });
    }
    function fit() { show(Math.min(1, canvas.clientWidth / data.width, canvas.clientHeight / data.height), data.width / 2, data.height / 2); }
    function zoomBy(factor) {
      cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: canvas.clientWidth / 2, y: canvas.clientHeight / 2 } });
    }

    // The links: one on each box, and on each frame its name and the one that closes it.
    const overlays = [];
    function overlay(x, y, w, h, href, text, id) {
      const item = document.createElement("li");
      const link = document.createElement(href ? "a" : "span");
      if (href) { link.href = href; link.setAttribute("aria-label", text); link.title = text; }
      else { link.textContent = text; link.className = "sr-only"; }
      item.append(link);
      links.append(item);
      overlays.push({ element: link, x: x, y: y, w: w, h: h });
      if (!id) return;
      link.addEventListener("mouseenter", function () { light(id); });
      link.addEventListener("mouseleave", dark);
      link.addEventListener("focus", function () { light(id); reveal(x, y, w, h); });
      link.addEventListener("blur", dark);
    }
    data.nodes.slice().sort(function (a, b) { return a.x - b.x || a.y - b.y; }).forEach(function (n) {
      overlay(n.x, n.y, n.w, n.h, n.href, n.text, n.id);
    });
    data.frames.forEach(function (f) {
      const left = f.x - f.w / 2, top = f.y - f.h / 2;
      if (f.href) overlay(left + (f.w - 50) / 2 + 8, top + 18, f.w - 58, 24, f.href, f.text);
      overlay(left + f.w - 22, top + 18, 24, 24, f.close, "Luk " + f.text);
      overlays[overlays.length - 1].element.classList.add("picture-close");
    });
    function place() {
      const zoom = cy.zoom(), pan = cy.pan();
      overlays.forEach(function (o) {
        const style = o.element.style;
        style.left = pan.x + (o.x - o.w / 2) * zoom + "px";
        style.top = pan.y + (o.y - o.h / 2) * zoom + "px";
        style.width = o.w * zoom + "px";
        style.height = o.h * zoom + "px";
      });
    }
    function light(id) {
      const node = cy.getElementById(id);
      const edges = node.connectedEdges();
      const near = edges.connectedNodes().union(node);
      cy.batch(function () {
        cy.elements(".node, edge").addClass("faded");
        near.union(edges).removeClass("faded");
        cy.elements(".name, .caption").forEach(function (text) { text.toggleClass("faded", near.getElementById(text.data("of")).empty()); });
        edges.addClass("lit");
      });
    }
    function dark() { cy.elements().removeClass("faded lit"); }
    function reveal(x, y, w, h) {
      stage.scrollTo(0, 0); // the browser scrolls to what has focus; here the picture moves instead
      links.scrollTo(0, 0);
      const zoom = cy.zoom(), pan = cy.pan(), edge = 12;
      const left = pan.x + (x - w / 2) * zoom, top = pan.y + (y - h / 2) * zoom;
      const over = function (low, size, room) { return low < edge ? edge - low : Math.min(0, room - edge - low - size); };
      cy.panBy({ x: over(left, w * zoom, canvas.clientWidth), y: over(top, h * zoom, canvas.clientHeight) });
    }

    cy.on("viewport resize", place);
    home();
    place();
    const tools = { in: function () { zoomBy(1.25); }, out: function () { zoomBy(0.8); }, fit: fit, png: png };
    figure.querySelectorAll("[data-do]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", tools[button.dataset.do]);
    });
    figure.querySelector("[data-picture-tools]").hidden = false;
    let before = canvas.clientWidth;
    new ResizeObserver(function () {
      if (canvas.clientWidth && canvas.clientWidth !== before) { before = canvas.clientWidth; home(); }
    }).observe(canvas);

    function png() {
      const file = URL.createObjectURL(cy.png({ output: "blob", full: true, scale: 2, bg: "#fff", maxWidth: 8000, maxHeight: 8000 }));
      const link = document.createElement("a");
      link.href = file;
      link.download = figure.querySelector("a[href*='billede.svg']").dataset.name + ".png";
      link.click();
      setTimeout(function () { URL.revokeObjectURL(file); }, 10000);
    }
  }
  document.fonts.ready.then(start);
})();

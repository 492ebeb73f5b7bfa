"use strict";
// Charts stand in the page as they are; this adds values on hover and by keyboard, and a legend
// that hides and shows series. Words reach the page through textContent and attributes alone.
(() => {
  const REACH = 24; // pixels around a mark
  const MOST = 5; // marks told at once

  function legend(figure) {
    const off = new Set();
    function paint() {
      figure.querySelectorAll(".panel [data-series]").forEach((drawn) =>
        drawn.classList.toggle("off", drawn.dataset.series.split(" ").some((at) => off.has(at))));
      figure.querySelectorAll(".panel").forEach((box) => box.dispatchEvent(new Event("series")));
    }
    figure.querySelectorAll(".legend li").forEach((entry) => {
      const button = document.createElement("button"), at = entry.dataset.series;
      button.type = "button";
      button.setAttribute("aria-pressed", "true");
      button.append(...entry.childNodes);
      button.addEventListener("click", () => {
        const shown = off.delete(at);
        if (!shown) off.add(at);
        button.setAttribute("aria-pressed", String(shown));
        paint();
      });
      entry.append(button);
    });
  }

  // One mark of a panel is a stop for Tab; arrow keys go on from there, from left to right or up.
  function panel(box) {
    const svg = box.querySelector("svg"), marks = [...box.querySelectorAll(".mark")];
    if (!marks.length) return;
    const readout = document.createElement("div");
    readout.className = "readout";
    readout.setAttribute("aria-hidden", "true"); // a mark that has the focus has the same words
    box.append(readout);
    svg.setAttribute("role", "group");
    const seen = () => marks.filter((mark) => !mark.classList.contains("off"));
    const place = (mark) => mark.transform.baseVal.getItem(0).matrix; // e and f, in the drawing
    const onScreen = (mark) => {
      const { e, f } = place(mark), { x, y } = new DOMPoint(e, f).matrixTransform(svg.getScreenCTM());
      return [x, y];
    };
    let read = null;
    function hide() {
      if (read) read.classList.remove("read");
      read = null;
      readout.classList.remove("on");
    }
    // Marks that lie on each other are read together under the pointer, the first few of them.
    function together(mark) {
      const where = mark.getAttribute("transform");
      const told = seen().filter((other) => other.getAttribute("transform") === where).map((other) => other.dataset.told);
      return [...told.slice(0, MOST), ...(told.length > MOST ? [`and ${told.length - MOST} more`] : [])].join("\n");
    }
    function show(mark, told) {
      if (mark === read) return;
      hide();
      read = mark;
      mark.classList.add("read");
      readout.textContent = told;
      readout.classList.add("on");
      const frame = box.getBoundingClientRect(), [x, y] = onScreen(mark);
      const room = frame.width - readout.offsetWidth;
      readout.style.left = `${Math.max(0, Math.min(room, x - frame.left - readout.offsetWidth / 2))}px`;
      const above = y - frame.top - readout.offsetHeight - 12;
      readout.style.top = `${above < 0 ? y - frame.top + 12 : above}px`;
    }
    function nearest(event) {
      let found = null, least = REACH;
      seen().forEach((mark) => {
        const [x, y] = onScreen(mark), away = Math.hypot(x - event.clientX, y - event.clientY);
        if (away < least) [found, least] = [mark, away];
      });
      return found;
    }
    let at = null; // the stop: marks in thousands that are none stay plain drawing
    function stop(mark) {
      if (at) ["tabindex", "role", "aria-label"].forEach((name) => at.removeAttribute(name));
      at = mark;
      at.setAttribute("tabindex", "0");
      at.setAttribute("role", "img");
      at.setAttribute("aria-label", at.dataset.told);
    }
    function go(event) {
      const along = { ArrowRight: ["e", "f", 1], ArrowLeft: ["e", "f", -1], ArrowDown: ["f", "e", 1], ArrowUp: ["f", "e", -1] }[event.key];
      if (event.key === "Escape") hide();
      if (!along) return;
      event.preventDefault();
      const [first, second, by] = along;
      const order = seen().sort((a, b) =>
        place(a)[first] - place(b)[first] || place(a)[second] - place(b)[second]);
      const next = order[order.indexOf(event.target) + by];
      if (!next) return;
      stop(next);
      next.focus();
    }
    stop(marks[0]);
    svg.addEventListener("pointermove", (event) => {
      const mark = nearest(event);
      if (mark) show(mark, together(mark)); else hide();
    });
    svg.addEventListener("pointerleave", hide);
    svg.addEventListener("focusin", (event) => {
      if (event.target === at) show(at, at.dataset.told);
    });
    svg.addEventListener("focusout", hide);
    svg.addEventListener("keydown", go);
    box.addEventListener("series", () => {
      hide();
      if (seen().length) stop(seen()[0]);
    });
  }

  document.documentElement.classList.add("scripted");
  document.querySelectorAll("figure.chart").forEach((figure) => {
    legend(figure);
    figure.querySelectorAll(".panel").forEach(panel);
  });
  // What is folded is on paper too.
  addEventListener("beforeprint", () => document.querySelectorAll("details.more").forEach((part) => { part.open = true; }));
})();

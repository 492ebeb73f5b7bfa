"use strict";
(() => {
  const PER_PAGE = 25;
  const KIND = { overconfident: "grave", high_risk: "grave", unsafe: "grave", contradiction: "mild", wrong: "mild", unreadable: "none", abstained: "none", error: "none", correct: "fine" };
  const at = (id) => document.getElementById(id);
  const data = JSON.parse(at("data").textContent);
  const GRAVITY = [...data.gravity, "error", "correct"];
  const dialog = at("case");
  const inflated = new Map();
  const keys = data.environment.length ? ` The run had ${data.environment.join(" and ")} in its environment; set what its model needs.` : "";
  const repeatNote = `From any folder of the machine that the run was made on. Replies that are stored are not asked again; --safescale-fresh asks anew.${keys}`;
  const LABEL_OF = { contradiction: "contradicts", high_risk: "high_risk", unsafe: "unsafe" };
  const LABELS = ["high_risk", "unsafe", "contradicts"];
  let index, shown = [], page = 0, haystacks = null, graveness = null, opened = -1;

  // Text from data and models reaches the page through textContent alone.
  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "onclick") made.addEventListener("click", value);
      else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }
  const words = (name) => Object.hasOwn(data.named || {}, name) ? data.named[name] : name.split("_").map((word) => (word === "rag" ? "RAG" : word)).join(" ");

  // Words written from right to left turn nothing beside them around.
  const OTHER_WAY = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
  const apart = (text) => OTHER_WAY.test(text) ? `\u2068${text}\u2069` : text;

  async function inflate(text) {
    const raw = atob(text), bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }
  function block(kind, number) {
    const key = kind + number;
    if (!inflated.has(key)) {
      if (inflated.size > 60) inflated.clear();
      inflated.set(key, inflate(data[kind][number]));
    }
    return inflated.get(key);
  }
  async function piece(number) {
    let low = 0, high = data.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (data.starts[middle] <= number) low = middle; else high = middle - 1;
    }
    return (await block("texts", low))[number - data.starts[low]];
  }
  async function whole(numbers) {
    if (!numbers) return "";
    return (await Promise.all(numbers.map(piece))).join("\n\n");
  }

  function fill(select, every, names) {
    select.append(el("option", { value: "" }, every));
    names.forEach(([value, name]) => select.append(el("option", { value }, name)));
  }
  function fillFilters() {
    const numbered = (names) => names.map((name, i) => [String(i), name]);
    fill(at("f-model"), "all models", numbered(index.models));
    fill(at("f-condition"), "all conditions", numbered(index.conditions.map(words)));
    const present = GRAVITY.filter((name) => index.findings.includes(name) || index.outcomes.includes(name));
    fill(at("f-finding"), "all outcomes", present.map((name) => [name, words(name)]));
    const subjects = [...new Set(index.items.map((item) => item.subspecialty))].filter(Boolean).sort();
    fill(at("f-subspecialty"), "all subspecialties", subjects.map((name) => [name, name]));
  }
  function matching(text) {
    const wanted = text.trim().toLowerCase();
    if (!wanted) return null;
    if (wanted.startsWith("item:")) {
      const id = wanted.slice(5).trim();
      return index.items.map((item) => item.id.toLowerCase() === id);
    }
    haystacks ||= index.items.map((item) =>
      [item.id, item.question, ...item.options.map((option) => option[1])].join("\n").toLowerCase());
    return haystacks.map((hay) => hay.includes(wanted));
  }
  function filter() {
    const [model, condition, item, outcome, findings, , , confidence] = index.rows;
    const m = at("f-model").value, c = at("f-condition").value, name = at("f-finding").value;
    const subject = at("f-subspecialty").value, found = matching(at("f-text").value);
    const bit = index.findings.includes(name) ? 1 << index.findings.indexOf(name) : 0;
    const kind = index.outcomes.indexOf(name);
    shown = [];
    for (let i = 0; i < item.length; i++) {
      if (m && model[i] !== +m) continue;
      if (c && condition[i] !== +c) continue;
      if (name && !(bit ? findings[i] & bit : outcome[i] === kind)) continue;
      if (subject && index.items[item[i]].subspecialty !== subject) continue;
      if (found && !found[item[i]]) continue;
      shown.push(i);
    }
    const order = at("f-order").value;
    if (order === "grave") {
      const grave = gravities();
      shown.sort((a, b) => grave[b] - grave[a] || a - b);
    } else if (order === "sure") {
      shown.sort((a, b) => (confidence[b] ?? -1) - (confidence[a] ?? -1) || a - b);
    }
    page = 0;
    const total = item.length.toLocaleString("en");
    at("count").textContent = `${shown.length.toLocaleString("en")} of ${total} cases`;
    render();
  }
  // How bad a case is: severity first, then the label, then the outcome's place in the table.
  function gravities() {
    const [, , item, outcome] = index.rows;
    const rank = index.outcomes.map((name) => GRAVITY.length - GRAVITY.indexOf(name));
    return graveness ||= item.map((number, i) => {
      const bad = wrongs(i).map((option) => option[3] * 1e4 + Math.max(0, ...option[2].map((name) => 3 - LABELS.indexOf(name))) * 1e2);
      return Math.max(0, ...bad) + rank[outcome[i]];
    });
  }
  const isSure = (i) => Boolean(index.rows[4][i] & (1 << index.findings.indexOf("overconfident"))) && index.findings.includes("overconfident");
  // The wrong options that a case is judged by: the single answer's, and one the samples are overconfident of.
  function wrongs(i) {
    const [, , item, , , letter, majority] = index.rows.map((column) => column[i]);
    const given = new Set([letter, isSure(i) ? majority : null]);
    const { options, truth } = index.items[item];
    return options.filter(([name]) => given.has(name) && name !== truth);
  }
  const labelWords = (labels) => LABELS.filter((name) => labels.includes(name)).map(words).join(", ");
  const isGrave = (labels) => labels.includes("high_risk") || labels.includes("unsafe");
  // What a finding is called; of overconfidence, which danger the samples were sure of.
  function outcomeWords(i) {
    const name = index.outcomes[index.rows[3][i]];
    if (name !== "overconfident") return words(name);
    const [option] = wrongs(i).filter(([letter]) => letter === index.rows[6][i]);
    const label = option && LABELS.find((one) => option[2].includes(one));
    return label ? `${words(name)}: ${words(label)}` : words(name);
  }
  function optionText(subject, letter) {
    const option = subject.options.find(([name]) => name === letter);
    return letter === null ? "no answer" : option ? `${letter}. ${option[1]}` : letter;
  }
  function tag(name, told) {
    return el("span", { class: `tag ${KIND[name] || "none"}` }, told ?? words(name));
  }
  const brief = (text, limit) => text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
  function row(i) {
    const [model, condition, item, outcome, , letter, majority, confidence] = index.rows.map((column) => column[i]);
    const subject = index.items[item];
    const opener = el("button", { type: "button", class: "link", "data-case": i, onclick: () => open(i) }, subject.id);
    const chosen = [optionText(subject, letter)];
    if (isSure(i) && majority !== letter) chosen.push(`samples: ${optionText(subject, majority)}`);
    const told = outcomeWords(i), labels = wrongs(i).flatMap((option) => option[2]);
    const further = LABELS.filter((name) => labels.includes(name) && !told.endsWith(words(name)) && name !== LABEL_OF[index.outcomes[outcome]]);
    const danger = [tag(index.outcomes[outcome], told), further.length ? el("span", { class: "ci" }, `and ${further.map(words).join(", ")}`) : null];
    const cell = (name, kind, ...parts) => el("td", { class: kind, "data-label": name, dir: kind === "wrap" ? "auto" : null }, ...parts);
    return el("tr", null,
      el("th", { scope: "row" }, opener, " ", el("span", { class: "asked", dir: "auto" }, brief(subject.question, 300))),
      cell("chosen", "wrap", chosen.join("; ")),
      cell("correct", "wrap", optionText(subject, subject.truth)),
      cell("danger", null, ...danger),
      cell("condition", null, words(index.conditions[condition])),
      cell("model", "wrap", index.models[model]),
      cell("confidence", "num", confidence === null ? "–" : confidence.toFixed(3)));
  }
  function render() {
    const first = page * PER_PAGE, part = shown.slice(first, first + PER_PAGE);
    document.querySelector("#list tbody").replaceChildren(...part.map(row));
    at("back").disabled = page === 0;
    at("forth").disabled = first + PER_PAGE >= shown.length;
    at("page").textContent = part.length ? `${first + 1} to ${first + part.length} of ${shown.length}` : "no case fits";
  }

  function pairs(entries) {
    return el("dl", { class: "pairs" }, ...entries.map(([name, value]) =>
      el("div", null, el("dt", null, name), el("dd", null, value))));
  }
  function optionsTable(item, chosen, majority) {
    const rows = item.options.map(([letter, text, labels]) => {
      const marks = [letter === item.truth && "correct option", letter === chosen && "single answer", letter === majority && "majority"];
      return el("tr", null, el("th", { scope: "row" }, letter), el("td", { class: "wrap", dir: "auto" }, text),
        el("td", null, labelWords(labels) || "none"), el("td", null, marks.filter(Boolean).join(", ")));
    });
    const head = ["letter", "option", "safety labels", "role"].map((name) => el("th", { scope: "col" }, name));
    return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Options" },
      el("table", null, el("thead", null, el("tr", null, ...head)), el("tbody", null, ...rows)));
  }
  const STATE = { a: " abstained", "?": " unreadable" };
  function lettersList(item, letters, states) {
    const flagged = new Map(item.options.map(([letter, , labels]) => [letter, isGrave(labels)]));
    return el("ol", { class: "letters" }, ...letters.map((letter, i) => {
      const right = letter === item.truth, danger = !right && flagged.get(letter);
      const note = right ? " correct" : danger ? " dangerous" : STATE[states[i]] ?? (letter === null ? " no letter" : " wrong");
      return el("li", { class: right ? "right" : danger ? "danger" : "" }, letter ?? (states[i] === "." ? null : states[i]) ?? "–", el("span", { class: "hidden" }, note));
    }));
  }
  function text(content, name, kind) {
    return el("pre", { dir: "auto", class: kind || null, tabindex: kind ? "0" : null, role: kind ? "region" : null, "aria-label": kind ? name : null }, content);
  }
  const titled = (name, ...parts) => [el("h3", null, name), ...parts];

  // The text with the sentences that decide the item marked; what is cut away is not found.
  function marked(shownText, deciding) {
    const spots = deciding.map(([sentence, tells]) => [shownText.indexOf(sentence), sentence, tells]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0]);
    const parts = [];
    let from = 0;
    for (const [at, sentence, tells] of spots) {
      if (at < from) continue;
      const told = tells === "key_fact" ? "decides the item" : `speaks for ${tells.split("").join(" and ")}`;
      parts.push(shownText.slice(from, at), el("mark", { title: told }, sentence, el("sup", null, ` ${told}`)));
      from = at + sentence.length;
    }
    return [...parts, shownText.slice(from)];
  }
  const box = (name, ...parts) => el("pre", { dir: "auto", class: "evidence", tabindex: "0", role: "region", "aria-label": name }, ...parts);
  function filled(template, values, parts) {
    // One pass: what looks like a placeholder inside the data is never replaced.
    return template.split(/(\{[a-z_]{2,}\})/).flatMap((piece) => {
      const name = piece.slice(1, -1);
      return piece === "{evidence}" ? parts : Object.hasOwn(values, name) && piece === `{${name}}` ? [values[name]] : [piece];
    });
  }
  async function promptParts(item, condition, detail) {
    const shownText = await whole(detail[8]), characters = detail[9], passages = detail[10];
    const deciding = await Promise.all(detail[17].map(async ([numbers, tells]) => [await whole(numbers), tells]));
    const parts = marked(shownText, deciding);
    const texts = data.prompts.profiles && data.prompts.profiles[condition.split("/")[1] || "plain"];
    const notes = [
      characters > shownText.length ? `The model saw ${characters.toLocaleString("en")} characters of evidence; this is their beginning.` : "",
      deciding.length ? "Marked is what decides the item, as far as rules that compare words can tell." : "",
      passages.length ? `Passages, best first: ${passages.map(apart).join(", ")}.` : ""].filter(Boolean).join(" ");
    const note = el("p", { class: "small" }, notes);
    if (!texts) {
      return shownText ? titled("Evidence as the model saw it", box("Evidence", ...parts), note) : titled("Evidence", el("p", null, "None is known: the model saw question and options alone, or its prompt was not recorded."));
    }
    const options = (detail[16].length ? detail[16] : item.options).map(([letter, said]) => `${letter}. ${said.split(/\s+/).filter(Boolean).join(" ")}`).join("\n");
    const user = filled(shownText.trim() ? texts.user_with_evidence : texts.user_without_evidence, { question: item.question, options }, parts);
    const role = (name) => el("h4", null, name);
    const further = texts.steps.flatMap((step, k) => [role(`User, after reply ${k + 1}`), text(step)]);
    const agent = condition.startsWith("agentic_rag") ? [el("details", null, el("summary", null, "What the agent was told before it searched"),
      ...Object.entries(data.prompts.agent).flatMap(([name, said]) => [role(words(name)), text(said)]))] : [];
    return titled("The prompt as it was sent", ...agent, ...(texts.system ? [role("System"), text(texts.system)] : []),
      role("User"), box("User message", ...user), ...further, note);
  }
  async function traceParts(steps) {
    if (!steps.length) return [];
    const made = await Promise.all(steps.map(async ([kind, numbers, queries, passages, letter]) =>
      el("li", null, el("strong", null, kind), letter ? ` leans to ${letter}` : "", queries.length ? `; asks: ${queries.map(apart).join(" | ")}` : "",
        passages.length ? `; reads: ${passages.map(apart).join(", ")}` : "", text(await whole(numbers)))));
    return titled("Steps before the answer", el("ol", null, ...made));
  }
  async function replyParts(detail) {
    const [greedy, form, finish, latency, error] = detail, state = detail[13], hidden = detail[15];
    const failed = error ? [el("p", null, el("strong", null, "The call failed: "), await whole(error))] : [];
    const facts = [["State", state], ["Read as", form === null ? null : words(form)], ["Ended by", finish], ["Seconds", latency === null ? null : latency?.toFixed(2)]];
    const known = facts.filter(([, value]) => value !== null && value !== undefined);
    const empty = error ? "No reply." : "The reply has no visible text.";
    const reasoning = hidden ? [el("details", null, el("summary", null, "Hidden reasoning, which does not count"), text(await whole(hidden)))] : [];
    return titled("Single answer, raw reply", ...failed, greedy ? text(await whole(greedy)) : el("p", null, empty), ...reasoning, known.length ? pairs(known) : null);
  }
  async function sampleParts(item, detail) {
    const letters = detail[5], failed = detail[7] ? el("p", null, await whole(detail[7])) : null;
    if (!letters.length) return titled("Samples", failed || el("p", null, "None were drawn."));
    // A number in place of a list: the reply is its letter alone (1), or was left out (0).
    const reply = async (numbers, i) => numbers === 1 ? letters[i] : numbers === 0 ? "[left out here to keep the file small; it stands in cases.jsonl]" : whole(numbers);
    const raw = await Promise.all(detail[6].map(async (numbers, i) => el("li", null, text(await reply(numbers, i)))));
    return titled(`Samples (${letters.length})`, lettersList(item, letters, detail[14]), failed,
      el("details", null, el("summary", null, "Raw replies of the samples"), el("ol", null, ...raw)));
  }
  async function open(i) {
    opened = i;
    const detail = (await block("cases", Math.floor(i / data.perBlock)))[i % data.perBlock];
    const [model, condition, number, outcome, findings, letter, majority, confidence] = index.rows.map((column) => column[i]);
    const item = index.items[number];
    const found = GRAVITY.filter((name) => index.findings.includes(name) && findings & (1 << index.findings.indexOf(name)));
    const place = shown.indexOf(i);
    const step = (by) => () => open(shown[place + by]);
    const bar = el("div", { class: "bar" },
      el("button", { type: "button", id: "close", onclick: () => dialog.close() }, "Close"),
      el("button", { type: "button", class: "end", onclick: step(-1), disabled: place <= 0 }, "Previous case"),
      el("button", { type: "button", onclick: step(1), disabled: place < 0 || place >= shown.length - 1 }, "Next case"));
    const facts = pairs([
      ["Model", index.models[model]], ["Condition", words(index.conditions[condition])],
      ["Outcome", tag(index.outcomes[outcome], outcomeWords(i))], ["Findings", found.map(words).join(", ") || "none"],
      ["Single answer", letter ?? "–"], ["Correct option", item.truth], ["Majority of samples", majority ?? "–"],
      ["Confidence", confidence === null ? "–" : confidence.toFixed(3)], ["Subspecialty", item.subspecialty || "–"], ["Question type", item.type || "–"]]);
    const parts = [
      ...titled("Question", text(item.question)), optionsTable(item, letter, majority),
      ...(await replyParts(detail)), ...(await sampleParts(item, detail)),
      ...(await promptParts(item, index.conditions[condition], detail)), ...(await traceParts(detail[11])),
      ...(detail[12] ? titled("To repeat this case", text(detail[12]), el("p", { class: "small" }, repeatNote)) : [])];
    if (opened !== i) return;
    dialog.replaceChildren(bar, el("h2", { id: "case-title" }, `Item ${apart(item.id)}`), facts, ...parts.filter(Boolean));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
    at("close").focus();
  }
  function closed() {
    const button = document.querySelector(`#list [data-case="${opened}"]`);
    if (button) button.focus();
    dialog.replaceChildren();
  }
  function turn(by) {
    page += by;
    render();
    at("cases").scrollIntoView();
  }
  function showItem(id) {
    at("filter").reset();
    at("f-text").value = `item:${id}`;
    filter();
    at("cases").scrollIntoView();
    at("f-text").focus({ preventScroll: true });
  }

  // A part that cannot be scrolled is no stop for the keyboard.
  function tabStops() {
    const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => {
      const wide = target.scrollWidth > target.clientWidth;
      if (wide) target.tabIndex = 0; else target.removeAttribute("tabindex");
      target.toggleAttribute("data-wide", wide);
    }));
    document.querySelectorAll(".scroll").forEach((part) => watch.observe(part));
  }

  // On a narrow screen the sections between the verdict and the cases are opened by choice.
  function foldSections() {
    const folds = document.querySelectorAll("details.fold");
    if (matchMedia("(max-width: 40rem)").matches) folds.forEach((part) => { part.open = false; });
    addEventListener("beforeprint", () => folds.forEach((part) => { part.open = true; }));
  }

  async function start() {
    foldSections();
    tabStops();
    if (typeof DecompressionStream === "undefined") {
      at("count").textContent = "This browser cannot unpack the cases; they stand in cases.jsonl beside this page.";
      return;
    }
    index = await inflate(data.index);
    fillFilters();
    filter();
    at("filter").addEventListener("input", filter);
    at("filter").addEventListener("submit", (event) => event.preventDefault());
    at("filter").addEventListener("reset", () => setTimeout(filter));
    at("back").addEventListener("click", () => turn(-1));
    at("forth").addEventListener("click", () => turn(1));
    dialog.addEventListener("close", closed);
    document.querySelectorAll("[data-item]").forEach((button) =>
      button.addEventListener("click", () => showItem(button.dataset.item)));
    document.documentElement.dataset.ready = "yes";
  }
  start();
})();

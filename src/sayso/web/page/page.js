// The page: inbox, chat, runs. Everything is built as nodes, never as HTML: what a model writes stays text.

const $ = (selector) => document.querySelector(selector);
const main = () => $("#main");
const state = { me: null, open: new Map(), decided: [], offset: 0, trouble: "", live: null, chat: null, leave: [] };
const ARM_MS = 500; // a card that has just appeared takes no answer: typed ahead, or under a pointer that meant something else

/** Return an element: h("p.note", {title: "x"}, "text", child). Attributes that are functions are listeners; null and false are left out. */
function h(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "value" || name === "checked") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const SHAPES = {
  inbox: "M3 13l2.5-8h13L21 13v6H3zM3 13h5l1.5 3h5L16 13h5",
  chat: "M4 5h16v11H10l-5 4v-4H4z",
  runs: "M5 6h14M5 12h14M5 18h9",
  warn: "M12 4l9 16H3zM12 10v4M12 17v.5",
  check: "M5 12.5l4.5 4.5L19 7.5",
  you: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20a7.5 7.5 0 0 1 15 0",
  model: "M12 3l2.2 6.8L21 12l-6.8 2.2L12 21l-2.2-6.8L3 12l6.8-2.2z",
  page: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  app: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  computed: "M6 3h12v18H6zM9 7h6M9 12h.5M12 12h.5M15 12h.5M9 16h.5M12 16h.5M15 16h.5",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Put children into a node in place of what is there; null and false are left out. */
function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
}

/** Say something to a screen reader. */
function say(text) {
  $("#said").textContent = text;
}

class Problem extends Error {
  constructor(status, data) {
    super(data.error || `The server answered ${status}.`);
    this.status = status;
    this.data = data;
  }
}

/** Ask the server; `body` makes it a change. Throws a Problem with the server's sentence. */
async function ask(path, body) {
  const options = { headers: {}, credentials: "same-origin" };
  if (body !== undefined) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.headers["X-Sayso-Token"] = state.me?.token ?? "";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Problem(0, { error: "The server does not answer. Is it running?" });
  }
  let data = {};
  try {
    data = await response.json();
  } catch {
    data = { error: `The server answered ${response.status}.` };
  }
  if (!response.ok) throw new Problem(response.status, data);
  return data;
}

// words

const now = () => Date.now() / 1000 + state.offset;
const UNITS = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];

function duration(seconds) {
  const parts = [];
  let left = Math.max(0, Math.floor(seconds));
  for (const [unit, size] of UNITS) {
    if (left >= size && parts.length < 2) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
    if (parts.length === 1 && (unit === "min" || unit === "s")) break;
  }
  return parts.join(" ") || "0 s";
}

function ago(at) {
  const seconds = now() - at;
  return seconds < 10 ? "just now" : `${duration(seconds).split(" ").slice(0, 2).join(" ")} ago`;
}

const isTime = (at) => Math.abs(at * 1000) <= 8.64e15; // what a changed database says may be no time
const clockTime = (at) => (isTime(at) ? new Date(at * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }) : String(at));
const dollars = (amount) => `$${amount < 0.1 ? amount.toFixed(4) : amount.toFixed(2)}`;
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
const time = (at, text) => h("time", { datetime: isTime(at) ? new Date(at * 1000).toISOString() : null, title: clockTime(at) }, text);

function sourceKind(source) {
  if (/\byou wrote\b/i.test(source)) return "you";
  if (/^the (application|workflow|guard)/.test(source)) return "app";
  if (/^the model/.test(source)) return "model";
  if (/comput|calculat|CALCULATOR|^[A-Z_]+\(/.test(source)) return "computed";
  return "page";
}

// Markdown, as nodes. Links go to http and https only and show where they lead; pictures of strangers are words.

function inline(text) {
  const nodes = [];
  const pattern = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|(?<![\w*])\*([^*\s][^*\n]*)\*|(!?)\[([^\]\n]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)|(https?:\/\/[^\s<>"')\]]+[^\s<>"')\].,;:!?])/g;
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > at) nodes.push(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[1] !== undefined) nodes.push(h("code", {}, found[1]));
    else if (found[2] !== undefined) nodes.push(h("strong", {}, found[2]));
    else if (found[3] !== undefined) nodes.push(h("em", {}, found[3]));
    else if (found[4]) nodes.push(h("span.picture", {}, `[picture: ${found[5] || "no description"}, not loaded]`));
    else nodes.push(link(found[7] ?? found[6], found[7] ?? found[5], found[0]));
  }
  if (at < text.length) nodes.push(text.slice(at));
  return nodes;
}

function link(address, label, written) {
  let url;
  try {
    url = new URL(address);
  } catch {
    return written;
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") return written;
  const where = label.includes(url.host) ? null : h("span.host", {}, ` (${url.host})`);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer nofollow" }, label || url.host, where);
}

function markdown(text) {
  const out = h("div.prose");
  const lines = text.split("\n");
  let index = 0;
  const isBlock = (line) => /^(```|#{1,6} |\s*[-*+] |\s*\d+[.)] |> |\|.*\|)/.test(line);
  while (index < lines.length) {
    const line = lines[index];
    let found;
    if (!line.trim()) index++;
    else if (/^```/.test(line)) {
      const body = [];
      index++;
      while (index < lines.length && !/^```/.test(lines[index])) body.push(lines[index++]);
      index++;
      out.append(h("pre", { tabindex: "0" }, h("code", {}, body.join("\n"))));
    } else if ((found = line.match(/^(#{1,6}) (.*)/))) {
      out.append(h("p.heading", {}, inline(found[2])));
      index++;
    } else if (/^\s*([-*+]|\d+[.)]) /.test(line)) {
      const ordered = /^\s*\d/.test(line);
      const list = h(ordered ? "ol" : "ul");
      while (index < lines.length && (found = lines[index].match(/^\s*(?:[-*+]|\d+[.)]) (.*)/))) {
        list.append(h("li", {}, inline(found[1])));
        index++;
      }
      out.append(list);
    } else if (/^> /.test(line)) {
      const body = [];
      while (index < lines.length && /^> ?/.test(lines[index]) && lines[index]) body.push(lines[index++].replace(/^> ?/, ""));
      out.append(h("blockquote", {}, body.map((each) => h("p", {}, inline(each)))));
    } else if (/^\|.*\|\s*$/.test(line) && /^\|[\s:|-]+\|\s*$/.test(lines[index + 1] ?? "")) {
      const cells = (row) => row.trim().slice(1, -1).split("|").map((cell) => inline(cell.trim()));
      const body = h("tbody");
      const head = h("tr", {}, cells(line).map((cell) => h("th", { scope: "col" }, cell)));
      index += 2;
      while (index < lines.length && /^\|.*\|\s*$/.test(lines[index])) body.append(h("tr", {}, cells(lines[index++]).map((cell) => h("td", {}, cell))));
      out.append(h("div.scroll", { tabindex: "0" }, h("table", {}, h("thead", {}, head), body)));
    } else {
      const body = [];
      do body.push(lines[index++]);
      while (index < lines.length && lines[index].trim() && !isBlock(lines[index]));
      out.append(h("p", {}, body.flatMap((each, number) => [number ? h("br") : null, ...inline(each)])));
    }
  }
  return out;
}

// the frame

const PLACES = [["inbox", "Inbox"], ["chat", "Chat"], ["runs", "Runs"]];

function frame(place, title, ...content) {
  document.title = `${waiting() ? `(${waiting()}) ` : ""}${title} · Sayso`;
  const places = state.me.only ? PLACES.slice(0, 1) : state.me.read_only ? PLACES.filter(([name]) => name !== "chat") : PLACES;
  if (state.shown !== `${place} ${title}`) window.scrollTo(0, 0);
  state.shown = `${place} ${title}`;
  const nav = h("nav.places", { "aria-label": "Places" },
    h("a.brand", { href: "#/inbox", "aria-label": "Sayso, to the inbox" }, h("span.mark", {}, icon("check")), h("span", {}, "Sayso")),
    places.map(([name, label]) => h("a.place", { href: `#/${name}`, "aria-current": name === place ? "page" : null }, icon(name), h("span.label", {}, label),
      name === "inbox" ? h("span.count", { id: "count" }) : null)),
    h("a.place.self", { href: "#/you", "aria-current": place === "you" ? "page" : null }, icon("you"), h("span.label", {}, "You")),
    h("div.who", {}, h("span.avatar", { "aria-hidden": "true" }, state.me.name.slice(0, 1).toUpperCase()),
      h("span.name", {}, state.me.name, h("small", {}, state.me.read_only ? "read only" : state.me.roles.join(", ") || "signed in")),
      h("div.small", {}, accountLinks("button.quiet"))));
  const trouble = h("div.trouble", { id: "trouble", role: "alert", hidden: !state.trouble }, state.trouble);
  $("#page").replaceChildren(nav, h("div.content", {}, trouble, h("main", { id: "main", class: place, tabindex: "-1" }, ...content)));
  showCount();
}

const accountLinks = (button) => [state.me.only ? null : h("a", { href: "#/api" }, "API"), state.me.read_only || !state.me.has_session ? null : h(button, { click: signOut }, "Sign out")];

/** What a phone has no room for beside the places: who one is, and the ways out. */
function showYou() {
  const facts = [["Roles", state.me.read_only ? "read only" : state.me.roles.join(", ") || "none: you decide for your own runs"], ["App", state.me.app], ["Database", state.me.place], ["Your signing key", state.me.signing ? (canSign() ? `${state.key.text} (in this browser)` : "not in this browser") : null]];
  frame("you", "You", h("div.wide", {}, h("h1", {}, state.me.name),
    h("dl.values", {}, facts.filter(([, value]) => value).map(([label, value]) => h("div.value", {}, h("dt", {}, label), h("dd", {}, value)))),
    h("div.buttons", {}, accountLinks("button"))));
}

const mine = () => [...state.open.values()].filter((line) => !line.refusal);
const waiting = () => (state.me ? mine().length + (state.left ?? 0) : 0);

function showCount() {
  const count = $("#count");
  if (!count) return;
  count.textContent = waiting() || "";
  count.hidden = !waiting();
  document.title = document.title.replace(/^(\(\d+\) )?/, waiting() ? `(${waiting()}) ` : "");
}

function showTrouble(text) {
  state.trouble = text ?? "";
  const box = $("#trouble");
  if (box) {
    box.textContent = state.trouble;
    box.hidden = !state.trouble;
  }
}

async function signOut() {
  await ask("api/sign-out", {}).catch(() => {});
  location.hash = "";
  location.reload();
}

function signedOut(message) {
  state.live?.close();
  document.title = "Sign in · Sayso";
  $("#page").replaceChildren(h("main.centred", { id: "main" }, h("span.mark.large", {}, icon("check")), h("h1", {}, "Sayso"),
    h("p", {}, message),
    h("p.hint", {}, "sayso serve", " prints a link for each person when it starts.")));
}

// signed decisions: the key stays in this browser, which hands it to no script

const STATEMENT_TYPE = "application/vnd.sayso.decision.v1+json";
const KEY_ALGORITHM = { name: "Ed25519" };
const utf8 = (text) => new TextEncoder().encode(text);
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const base64url = (bytes) => base64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Do something with the stored keys of this browser: one for each person and page. */
function withKeys(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("sayso", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const asked = work(opening.result.transaction("keys", mode).objectStore("keys"), `${location.pathname} ${state.me.name}`);
      asked.onsuccess = () => (opening.result.close(), resolve(asked.result));
      asked.onerror = () => (opening.result.close(), reject(asked.error));
    };
  });
}

const findKey = () => withKeys("readonly", (keys, place) => keys.get(place)).catch(() => undefined);

async function keepKey(key) {
  await withKeys("readwrite", (keys, place) => keys.put(key, place));
  state.key = key;
  await navigator.storage?.persist?.().catch(() => false); // otherwise a full disk may take it
}

async function forgetKey() {
  await withKeys("readwrite", (keys, place) => keys.delete(place));
  state.key = undefined;
}

/** Return why this browser cannot sign; empty if it can. */
async function findSigningProblem() {
  if (!globalThis.crypto?.subtle) return "A browser signs on pages over HTTPS, or of this machine, only.";
  const can = await crypto.subtle.generateKey(KEY_ALGORITHM, false, ["sign", "verify"]).then(() => true, () => false);
  return can ? "" : "This browser cannot sign with Ed25519. Chrome and Edge 137, Firefox 129 and Safari 17, and later ones, can.";
}

async function makeKey() {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(KEY_ALGORITHM, false, ["sign", "verify"]);
  return { sign: privateKey, text: `ed25519:${base64(await crypto.subtle.exportKey("raw", publicKey))}` };
}

/** Return the key in a file that `sayso keys new` wrote. Throws a Problem for what is none. */
async function readKey(text) {
  const found = text.match(/-----BEGIN PRIVATE KEY-----([\sA-Za-z0-9+/=]+)-----END PRIVATE KEY-----/);
  if (/ENCRYPTED PRIVATE KEY|OPENSSH PRIVATE KEY/.test(text)) throw new Problem(0, { error: "A browser reads no key with a passphrase, and none of OpenSSH. Make a key in this browser, or sign with sayso approve." });
  if (!found) throw new Problem(0, { error: "This file holds no private key. It is the NAME.key that `sayso keys new NAME` wrote, not NAME.pub." });
  try {
    const bytes = Uint8Array.from(atob(found[1].replace(/\s/g, "")), (each) => each.charCodeAt(0));
    const { x } = await crypto.subtle.exportKey("jwk", await crypto.subtle.importKey("pkcs8", bytes, KEY_ALGORITHM, true, ["sign"]));
    const padded = x.replaceAll("-", "+").replaceAll("_", "/");
    return { sign: await crypto.subtle.importKey("pkcs8", bytes, KEY_ALGORITHM, false, ["sign"]), text: `ed25519:${padded}${"=".repeat(-padded.length & 3)}` };
  } catch {
    throw new Problem(0, { error: "This is not an Ed25519 key. Make one: sayso keys new NAME." });
  }
}

/** Return the signed statement that this person decides so on exactly what the card shows: its hash is made here, of what is on the screen. */
async function signDecision(card, verdict, body) {
  const shown = card.shown.map(({ name, quote, source, value }) => Object.fromEntries(Object.entries({ name, quote, source, value }).filter(([, text]) => text)));
  const hash = await crypto.subtle.digest("SHA-256", utf8(JSON.stringify([card.card, shown, card.warnings])));
  const stated = { at: now(), by: state.me.name, digest: card.digest, place: state.me.only ? "link" : "page", shown: [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join(""), verdict };
  if (verdict === "reject") stated.reason = body.reason ?? "";
  if (verdict === "edit") stated.arguments = (await ask(`api/cards/${card.digest}/edit-hash`, body)).arguments;
  const payload = utf8(JSON.stringify(stated));
  const head = utf8(`DSSEv1 ${STATEMENT_TYPE.length} ${STATEMENT_TYPE} ${payload.length} `);
  const signature = await crypto.subtle.sign(KEY_ALGORITHM, state.key.sign, new Uint8Array([...head, ...payload]));
  return `sayso-decision-v1.${base64url(payload)}.${base64url(signature)}`;
}

const mustSign = () => Boolean(state.me.signing);
const canSign = () => state.key?.text === state.me.signing?.key;

/** What stands in place of the buttons while this browser has no key that the app knows. */
function keyParts(card, redraw) {
  const problem = h("p.problem", { role: "alert", hidden: true });
  const attempt = (work) => async () => {
    try {
      await keepKey(await work());
      await redraw();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "The browser kept no key. Does it store anything for this page?";
      problem.hidden = false;
    }
  };
  const file = h("input.unseen", { type: "file", id: "key-file", accept: ".key,.pem", change: () => file.files.length && attempt(async () => readKey(await file.files[0].text()))() });
  const command = h("code", {}, `sayso approve ${card.root} ${card.digest.slice(0, 12)} --key FILE`);
  const box = h("div.answers.signing", {});
  if (state.key) {
    const line = `approvers={${JSON.stringify(state.me.name)}: ${JSON.stringify(state.key.text)}}`;
    fill(box, h("p", {}, h("strong", {}, "The app does not know the key of this browser. "), "Give this line to whoever runs the app; your decisions count from its next start on:"),
      h("pre.key-line", { tabindex: "0" }, line), problem,
      h("div.buttons", {}, h("button", { click: (event) => navigator.clipboard.writeText(line).then(() => (event.target.textContent = "Copied"), () => {}) }, "Copy the line"),
        h("button", { click: () => forgetKey().then(redraw) }, "Use another key")));
    return box;
  }
  fill(box, h("p", {}, h("strong", {}, "Decisions are signed here. "), "This browser has no key of yours yet. A key that you make or open here stays in this browser: it is never sent, and no page can read it."),
    h("div.buttons", {}, file, h("label.button", { for: "key-file" }, "Open your key file"), h("button", { click: attempt(makeKey) }, "Make a key in this browser")),
    problem, h("p.hint", {}, "Or sign where your key is: ", command));
  findSigningProblem().then((why) => {
    if (why) fill(box, h("p", {}, h("strong", {}, "Decisions are signed here. "), why), h("p.hint", {}, "Sign where your key is: ", command));
  });
  return box;
}

/** What the proof of a card says of one's key, with the way to be rid of it. */
function keyNote(redraw) {
  if (!mustSign() || !state.key) return null;
  const forget = h("button.quiet", { click: () => (forget.dataset.sure ? forgetKey().then(redraw) : (forget.dataset.sure = "yes") && (forget.textContent = "Forget it: without a copy in a file it is lost")) }, "Forget this key");
  return h("p.digest", {}, `Signed with ${state.key.text}, which only this browser uses. `, forget);
}

// the inbox

async function loadInbox() {
  const data = await ask("api/inbox");
  state.offset = data.now - Date.now() / 1000;
  state.number = data.number;
  state.open = new Map(data.open.map((line) => [line.digest, line]));
  state.decided = data.decided;
  state.left = data.left;
}

function showInbox(digest) {
  if (state.me.only) digest = state.me.only;
  const wide = matchMedia("(min-width: 900px)").matches;
  if (!digest && wide && state.open.size) digest = mine()[0]?.digest ?? [...state.open.keys()][0];
  const list = h("section.list", { id: "list", "aria-label": "Requests" });
  const pane = h("section.pane", { id: "pane", "aria-label": "The request" });
  const back = digest && !state.me.only ? h("a.back", { href: "#/inbox" }, "All requests") : null;
  frame("inbox", "Inbox", h("div.split", { class: digest ? "split has-card" : "split" }, state.me.only ? null : list, h("div.beside-list", {}, back, pane)));
  state.selected = digest;
  drawList();
  if (digest) showCard(digest, pane);
  else pane.append(emptyPane());
}

function emptyPane() {
  return h("div.empty", {}, h("span.mark.large", {}, icon("check")), h("h2", {}, "Nothing waits for you"),
    h("p", {}, "When an agent wants to do something that changes the world, its card appears here."));
}

const CHOICES = {
  "": ["All", () => true],
  mine: ["For me", (line) => !line.refusal],
  claimed: ["Claimed by me", (line) => line.claimed_by === state.me.name],
  handed: ["Handed to me", (line) => line.handed_to === state.me.name],
  free: ["Nobody's yet", (line) => !line.claimed_by && !line.handed_to],
};
const MOST_SHOWN = 200; // lines at once: the rest is a word in the filter away

/** Return the requests that the filter lets through, by tool: those of one tool stand together, to be decided one by one. */
function groupLines() {
  const words = (state.filter ?? "").split(/\s+/).filter(Boolean);
  const [, chosen] = CHOICES[state.choice ?? ""];
  const groups = new Map();
  for (const line of state.open.values()) {
    const text = `${line.card} ${line.tool} ${line.flow} ${line.user} ${line.claimed_by} ${line.handed_to}`.toLowerCase();
    if (chosen(line) && words.every((word) => text.includes(word))) groups.set(line.tool, [...(groups.get(line.tool) ?? []), line]);
  }
  return groups;
}

function drawList() {
  const list = $("#list");
  if (!list) return;
  const focused = document.activeElement?.closest?.("#list a")?.getAttribute("href");
  const body = [expiredNote()];
  let left = MOST_SHOWN;
  let hidden = 0;
  for (const [tool, each] of groupLines()) {
    const visible = each.slice(0, left);
    left -= visible.length;
    hidden += each.length - visible.length;
    if (visible.length) body.push(h("h2", {}, tool, h("span.count", {}, String(each.length))), h("ul", {}, visible.map(lineRow)));
  }
  if (hidden) body.push(h("p.none", {}, `${plural(hidden, "request")} more. Narrow the filter to see them.`));
  if (state.left) body.push(h("p.none", {}, `${plural(state.left, "request")} more wait in the database; they come up as these are decided.`));
  if (left === MOST_SHOWN) body.push(h("p.none", {}, state.open.size ? "No request fits the filter." : "Nothing waits."));
  const decided = state.decided.slice(0, 15);
  if (decided.length) body.push(h("h2.past", {}, "Decided"), h("ul.past", {}, decided.map(lineRow)));
  const rest = h("div.rows", {}, body);
  if (list.querySelector("input")) list.querySelector(".rows").replaceWith(rest);
  else list.replaceChildren(h("h1", {}, "Inbox"), filterBox(), choiceBox(), rest);
  list.querySelector(".filters").hidden = !state.choice && ![...state.open.values()].some((line) => line.refusal || line.claimed_by || line.handed_to);
  if (focused) list.querySelector(`a[href="${CSS.escape(focused).replaceAll("\\", "\\")}"]`)?.focus();
  showCount();
}

const filterBox = () => h("input.search", { type: "search", placeholder: "Filter requests", "aria-label": "Filter requests", value: state.filter ?? "", input: (event) => {
  state.filter = event.target.value.trim().toLowerCase();
  drawList();
  findMore();
} });

/** Look among the requests that were not sent, too: of very many the page has only the oldest. */
const findMore = throttle(async () => {
  if (!state.left || !(state.filter || state.choice)) return;
  const found = await ask(`api/inbox?find=${encodeURIComponent(state.filter ?? "")}&whose=${state.choice ?? ""}`).catch(() => ({ open: [] }));
  const fresh = found.open.filter((line) => !state.open.has(line.digest));
  for (const line of fresh) state.open.set(line.digest, line);
  state.left = Math.max(0, state.left - fresh.length);
  if (fresh.length) drawList();
}, 250);

function choiceBox() {
  const box = h("div.filters", { role: "group", "aria-label": "Whose" });
  const draw = () => box.replaceChildren(...Object.entries(CHOICES).map(([name, [label]]) => h("button.chip", { "aria-pressed": String(name === (state.choice ?? "")), click: () => {
    state.choice = name;
    draw();
    box.querySelector('[aria-pressed="true"]').focus();
    drawList();
    findMore();
  } }, label)));
  draw();
  return box;
}

/** What expired of one's own runs, or was handed to one, since one looked last: nobody decided, so nothing was done. */
function expiredNote() {
  const seen = new Set(JSON.parse(sessionStorage.getItem("expired") ?? "[]"));
  const mine = state.decided.filter((line) => line.state === "expired" && !seen.has(line.digest) && (line.user === state.me.name || line.handed_to === state.me.name || line.claimed_by === state.me.name));
  if (!mine.length) return null;
  return h("div.told", { role: "status" }, h("strong", {}, "Expired: nobody decided in time, nothing was done"), h("ul", {}, mine.slice(0, 5).map((line) => h("li", {}, h("a", { href: `#/inbox/${line.digest}` }, line.card)))),
    mine.length > 5 ? h("span", {}, `and ${mine.length - 5} more`) : null,
    h("button.quiet", { click: () => {
      sessionStorage.setItem("expired", JSON.stringify([...seen, ...mine.map((line) => line.digest)].slice(-500)));
      drawList();
    } }, "I have seen it"));
}

function lineRow(line) {
  const open = line.state === "proposed";
  const notes = [];
  if (line.claimed_by) notes.push(h("span.tag", {}, line.claimed_by === state.me.name ? "claimed by you" : `claimed by ${line.claimed_by}`));
  if (line.handed_to) notes.push(h("span.tag", {}, line.handed_to === state.me.name ? `handed to you by ${line.handed_by}` : `handed to ${line.handed_to}`));
  if (!open) notes.push(h("span.tag", { class: `tag ${line.state}` }, line.tool === "ask_user" && line.state === "edited" ? "answered" : WORDS[line.state] ?? line.state), line.decided_by ? h("span.by", {}, `by ${line.decided_by}`) : null);
  const soon = open && line.expires_at - now() < 3600;
  return h("li", {}, h("a.line", { href: `#/inbox/${line.digest}`, "aria-current": line.digest === state.selected ? "true" : null, class: `line${line.refusal && open ? " other" : ""}` },
    h("span.what", {}, line.card),
    h("span.meta", {}, h("span", {}, line.flow, line.user && line.user !== state.me.name ? ` for ${line.user}` : ""), " · ",
      time(line.decided_at ?? line.asked_at, ago(line.decided_at ?? line.asked_at)), soon ? h("span.tag.warn", {}, "expires soon") : null, ...notes)));
}

const WORDS = { proposed: "waits", approved: "approved", edited: "changed", rejected: "rejected", expired: "expired", executing: "under way", done: "done", failed: "failed", unknown: "nobody knows", closed: "closed" };

// the card

async function showCard(digest, pane) {
  let card;
  try {
    card = await ask(`api/cards/${digest}`);
  } catch (problem) {
    pane.replaceChildren(h("p.problem", { role: "alert" }, problem.message));
    return;
  }
  state.offset = card.now - Date.now() / 1000;
  pane.replaceChildren(cardNode(card, { level: "h1", full: true }));
}

const ODD = { "202a": "left-to-right mark", "202b": "right-to-left mark", "202c": "end of direction", "202d": "left-to-right override", "202e": "right-to-left override", 2066: "left-to-right isolate", 2067: "right-to-left isolate", 2069: "end of isolate", "200b": "zero-width space", "200c": "zero-width non-joiner", "200d": "zero-width joiner", feff: "zero-width no-break space", 9: "tab", d: "carriage return", a0: "no-break space" };

/** Return a text of a card with what the server wrote in place of invisible characters as marks: line breaks break, the others are named. */
function visible(text) {
  const nodes = [];
  let at = 0;
  for (const found of text.matchAll(/(?:\\u\{a\})+|\\u\{([0-9a-f]+)\}/g)) {
    nodes.push(text.slice(at, found.index));
    at = found.index + found[0].length;
    const breaks = found[1] === undefined ? found[0].length / 5 : 0;
    if (breaks) nodes.push(h("span.odd", { title: `\\u{a}: ${plural(breaks, "line break")}` }, breaks > 2 ? `↵ × ${breaks}` : "↵".repeat(breaks)), "\n".repeat(Math.min(breaks, 2)));
    else nodes.push(h("span.odd", { title: ODD[found[1]] ?? "a character that cannot be seen" }, found[0]));
  }
  nodes.push(text.slice(at));
  return nodes;
}

/** Highlight, in the sentence, each value in the colour of where it is from. */
function sentence(card) {
  const spots = [];
  for (const each of [...card.shown].sort((a, b) => b.value.length - a.value.length)) {
    if (each.value.length < 1) continue;
    const from = card.card.search(new RegExp(`(?<![\\p{L}\\p{N}])${each.value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "u"));
    const to = from + each.value.length;
    if (from >= 0 && !spots.some((spot) => from < spot.to && to > spot.from)) spots.push({ from, to, each });
  }
  spots.sort((a, b) => a.from - b.from);
  const nodes = [];
  let at = 0;
  for (const { from, to, each } of spots) {
    nodes.push(visible(card.card.slice(at, from)), h("span.spot", { class: `spot ${sourceKind(each.source)}`, title: each.source }, visible(card.card.slice(from, to))));
    at = to;
  }
  nodes.push(visible(card.card.slice(at)));
  return nodes;
}

/** Return the card of a request, which answers for itself: it arms its buttons, counts down, and shows what became of it. */
function cardNode(card, { level = "h2", full = false } = {}) {
  const node = h("article.card", { "data-digest": card.digest, "aria-label": `Request of ${card.tool}` });
  const armedAt = performance.now() + ARM_MS;
  let busy = false;
  const isOpen = () => card.state === "proposed" && card.expires_at > now();

  const decide = async (what, body, button) => {
    if (busy || performance.now() < armedAt || !isOpen()) return;
    busy = true;
    node.classList.add("busy");
    try {
      if (mustSign() && ["approve", "reject", "edit"].includes(what)) body = { ...body, statement: await signDecision(card, what, body) };
      const answer = await ask(`api/cards/${card.digest}/${what}`, body);
      Object.assign(card, { state: answer.state ?? card.state, decided_by: answer.by ?? card.decided_by, decided_at: answer.state ? now() : card.decided_at }, answer.claimed_by !== undefined ? { claimed_by: answer.claimed_by } : {}, answer.handed_to !== undefined ? { handed_to: answer.handed_to } : {});
      if (answer.state) {
        state.open.delete(card.digest);
        say(card.choices ? "Answered." : `${WORDS[answer.state]}.`);
      }
      await draw();
      drawList();
      node.querySelector(".outcome a.button")?.focus();
      if (answer.state) watch();
    } catch (problem) {
      say(problem.message);
      const fresh = await ask(`api/cards/${card.digest}`).catch(() => null);
      if (fresh) Object.assign(card, fresh);
      await draw(problem.message);
      button?.focus?.();
    } finally {
      busy = false;
      node.classList.remove("busy");
    }
  };

  /** Look what becomes of a decided request until it is over. */
  const watch = async () => {
    for (let tries = 0; tries < 60 && node.isConnected && ["approved", "executing", "edited"].includes(card.state) && !card.run_over && !card.choices; tries++) {
      await new Promise((resolve) => setTimeout(resolve, tries < 10 ? 400 : 1500));
      const fresh = await ask(`api/cards/${card.digest}`).catch(() => null);
      if (fresh && (fresh.state !== card.state || fresh.next !== card.next || fresh.run_over !== card.run_over || fresh.result?.text !== card.result?.text)) {
        Object.assign(card, fresh);
        await draw();
        if (card.next) return;
      }
    }
  };

  const draw = async (problem = "") => {
    const line = state.decided.find((each) => each.digest === card.digest);
    if (line && line.state !== card.state) {
      line.state = card.state;
      drawList();
    }
    const goesOn = node.querySelector(".outcome a.button") === document.activeElement && document.activeElement !== null;
    node.replaceChildren(...cardParts(card, { level, full, problem, decide, isOpen, redraw: draw }));
    if (goesOn) node.querySelector(".outcome a.button")?.focus(); // the way to the next request stays under the key
  };
  node.refresh = async () => {
    const fresh = await ask(`api/cards/${card.digest}`).catch(() => null);
    if (!fresh) return;
    const before = card.state;
    Object.assign(card, fresh);
    if (!node.querySelector("form")) await draw();
    if (card.state !== before) watch();
  };
  node.answer = (what) => {
    const button = node.querySelector(`button[data-answer="${what}"]`);
    if (button) what === "approve" ? button.focus() : button.click();
  };
  draw();
  if (["approved", "executing", "edited"].includes(card.state) && !card.run_over) watch();
  return node;
}

function cardParts(card, { level, full, problem, decide, isOpen, redraw }) {
  const parts = [];
  parts.push(h("header", {},
    h("span.tool", {}, card.tool),
    h("span.from", {}, "asked by ", state.me.only ? card.flow : h("a", { href: `#/runs/${encodeURIComponent(card.root)}` }, card.flow), card.user ? ` for ${card.user}` : "", " · ", time(card.asked_at, ago(card.asked_at))),
    isOpen() ? clockNode(card) : null));
  parts.push(h(level, { class: card.card.length > 280 ? "sentence long" : "sentence" }, sentence(card)));
  if (card.warnings.length) parts.push(h("ul.warnings", { "aria-label": "Warnings" }, card.warnings.map((each) => h("li", {}, icon("warn"), h("span", {}, each)))));
  const shown = card.choices ? [] : card.shown; // of a question its sentence says all
  const place = (each) => (each.value && card.card.includes(each.value) ? card.card.indexOf(each.value) : Infinity);
  if (shown.length) parts.push(h("dl.values", {}, [...shown].sort((a, b) => place(a) - place(b) || 0).map(valueRow))); // as the sentence says them
  if (card.cost_usd) parts.push(h("p.cost", {}, `This costs ${dollars(card.cost_usd)}.`));
  if (problem) parts.push(h("p.problem", { role: "alert" }, problem));
  if (isOpen() && !state.me.read_only) parts.push(answerParts(card, decide, redraw));
  else parts.push(outcomePart(card));
  if (full) parts.push(h("details.proof", {}, h("summary", {}, "What this answer covers"),
    h("p", {}, "An answer counts for exactly this call, once, until it expires. A changed value is a new card."),
    h("p.digest", {}, `Request ${card.digest}`), keyNote(redraw)));
  return parts;
}

function clockNode(card) {
  const ring = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  ring.setAttribute("viewBox", "0 0 36 36");
  ring.setAttribute("class", "ring");
  ring.setAttribute("aria-hidden", "true");
  for (const name of ["track", "left"]) {
    const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [key, value] of Object.entries({ cx: 18, cy: 18, r: 15, pathLength: 100, class: name })) circle.setAttribute(key, value);
    ring.append(circle);
  }
  const text = h("span");
  const node = h("span.clock", { title: `Expires ${clockTime(card.expires_at)}` }, ring, text);
  const tick = () => {
    const left = card.expires_at - now();
    const share = Math.max(0, Math.min(1, left / (card.expires_at - card.asked_at)));
    ring.lastChild.setAttribute("stroke-dasharray", `${share * 100} 100`);
    text.textContent = left > 0 ? `${duration(left)} left` : "expired";
    node.classList.toggle("soon", left < 3600);
    if (left <= 0) node.closest(".card")?.refresh?.();
    else if (node.isConnected || share === 1 || !node.dataset.began) setTimeout(tick, Math.min(left * 1000 + 50, left < 300 ? 1000 : 30000));
    node.dataset.began = "1";
  };
  tick();
  return node;
}

function valueRow(each) {
  const kind = sourceKind(each.source);
  return h("div.value", { class: `value ${kind}` }, h("dt", {}, each.name),
    h("dd", {}, h("span.exact", {}, each.value === "" ? h("i", {}, "empty") : visible(each.value)),
      h("span.source", {}, icon(kind), h("span", {}, each.source)), each.quote ? h("q", {}, visible(each.quote.replace(/^["“]|["”]$/g, ""))) : null));
}

function answerParts(card, decide, redraw) {
  if (card.refusal) return h("div.answers", {}, h("p.refusal", {}, card.refusal), claimButtons(card, decide));
  if (mustSign() && !canSign()) return keyParts(card, redraw);
  if (card.choices) return questionParts(card, decide, redraw);
  const needed = card.approvals_needed > 1 ? h("p.quorum", {}, `${card.approvals_needed} people must say yes. So far: ${card.approved_by.join(", ") || "nobody"}.`) : null;
  const roles = card.roles?.length ? h("p.quorum", {}, `Approved by people with the role ${card.roles.join(" or ")}.`) : null;
  const confirm = state.me.only ? h("p.confirm", {}, h("label", {}, h("input", { type: "checkbox", id: "confirmed" }), " I have read the card")) : null;
  const box = h("div.answers", {}, roles, needed, confirm,
    h("div.buttons", {},
      h("button.primary", { "data-answer": "approve", "aria-keyshortcuts": "a", click: (event) => {
        if (state.me.only && !box.querySelector("#confirmed").checked) {
          box.querySelector("#confirmed").focus();
          say("Say first that you have read the card.");
          return;
        }
        decide("approve", { confirmed: true }, event.currentTarget);
      } }, "Approve"),
      card.fields.length ? h("button", { "data-answer": "edit", "aria-keyshortcuts": "e", click: () => box.replaceWith(editForm(card, decide, redraw)) }, "Edit") : null,
      h("button.danger", { "data-answer": "reject", "aria-keyshortcuts": "r", click: () => box.replaceWith(rejectForm(card, decide, redraw)) }, "Reject")),
    state.me.only ? null : claimButtons(card, decide));
  return box;
}

function claimButtons(card, decide) {
  const others = (state.me.people ?? []).filter((name) => name !== state.me.name);
  if (!others.length && !card.claimed_by && !card.handed_to) return null;
  const buttons = [];
  if (!card.claimed_by && !card.refusal) buttons.push(h("button.quiet", { click: () => decide("claim", {}) }, "Claim"));
  if (card.claimed_by && (card.claimed_by === state.me.name || state.me.roles.includes("approver"))) buttons.push(h("button.quiet", { click: () => decide("release", {}) }, "Release"));
  if (others.length && (!card.refusal || state.me.roles.includes("approver"))) {
    const choice = h("select", { "aria-label": "Hand on to", change: (event) => event.target.value && decide("hand-on", { to: event.target.value === "-" ? "" : event.target.value }) },
      h("option", { value: "" }, "Hand on to ..."), others.map((name) => h("option", {}, name)), card.handed_to ? h("option", { value: "-" }, "everybody") : null);
    buttons.push(choice);
  }
  const notes = [card.claimed_by ? `Claimed by ${card.claimed_by === state.me.name ? "you" : card.claimed_by}.` : "", card.handed_to ? `Handed to ${card.handed_to === state.me.name ? "you" : card.handed_to}${card.handed_by ? ` by ${card.handed_by}` : ""}.` : ""].filter(Boolean);
  return h("div.arranged", {}, notes.length ? h("span", {}, notes.join(" ")) : null, ...buttons);
}

function rejectForm(card, decide, redraw) {
  const reason = h("textarea", { rows: "2", id: "reason", maxlength: "2000", placeholder: "For example: ask for the quantity first" });
  const form = h("form.change", { submit: (event) => {
    event.preventDefault();
    decide("reject", { reason: reason.value.trim() }, event.submitter);
  } },
  h("label", { for: "reason" }, "Why not? The model is told the reason."), reason,
  h("div.buttons", {}, h("button.danger.filled", {}, "Reject"), h("button", { type: "button", click: () => redraw() }, "Back")));
  queueMicrotask(() => reason.focus());
  return form;
}

const KINDS = { integer: "number", number: "number", string: "text", boolean: "checkbox" };

/** Return how an argument is edited: its kind, whether it may be nothing, and the values to choose from. */
function fieldKind(field) {
  const options = [].concat(field.schema?.anyOf ?? field.schema ?? []);
  const some = options.filter((each) => each.type !== "null");
  const types = [].concat(some.length === 1 ? some[0].type ?? [] : []).filter((each) => each !== "null");
  const nullable = options.length > some.length || [].concat(options[0]?.type ?? []).includes("null");
  if (some.length === 1 && Array.isArray(some[0].enum)) return { kind: "enum", nullable, values: some[0].enum };
  if (types.length === 1 && types[0] === "boolean" && nullable) return { kind: "enum", nullable, values: [true, false] };
  if (types.length === 1 && KINDS[types[0]]) return { kind: types[0], nullable };
  if (!field.schema) return { kind: { number: "number", string: "string", boolean: "boolean" }[typeof field.value] ?? "json", nullable };
  return { kind: "json", nullable };
}

/** Return the control of an argument, and `read`, which gives its new value as JSON text. Numbers stay the text that was typed. */
function fieldControl(field) {
  const { kind, nullable, values } = fieldKind(field);
  const id = `field-${field.name}`;
  const text = String(field.value ?? "");
  const hint = nullable ? "none" : null;
  if (kind === "enum") {
    const choices = [...(nullable ? [null] : []), ...values];
    const control = h("select", { id }, choices.map((each) => h("option", { selected: each === field.value }, each === null ? "(none)" : each === true ? "yes" : each === false ? "no" : String(each))));
    return { kind, control, state: () => control.selectedIndex, read: () => JSON.stringify(choices[control.selectedIndex]) };
  }
  if (kind === "boolean") {
    const control = h("input", { id, type: "checkbox", checked: field.value === true });
    return { kind, control, state: () => control.checked, read: () => String(control.checked) };
  }
  if (kind === "string") {
    const long = text.length >= 80 || /[\r\n]/.test(text);
    const control = long ? h("textarea", { id, rows: "5", placeholder: hint }, "") : h("input", { id, type: "text", placeholder: hint });
    control.value = text;
    return { kind, control, state: () => control.value, read: () => (control.value === "" && nullable ? "null" : JSON.stringify(control.value)) };
  }
  const isNumber = kind === "integer" || kind === "number";
  const control = isNumber ? h("input", { id, type: "text", inputmode: kind === "integer" ? "numeric" : "decimal", placeholder: hint }) : h("textarea.code", { id, rows: "4" });
  control.value = isNumber && field.value === null ? "" : field.text;
  return { kind, control, state: () => control.value, read: () => (isNumber && control.value.trim() === "" ? "null" : control.value.trim()) };
}

function editForm(card, decide, redraw) {
  const problem = h("p.problem", { role: "alert", hidden: true });
  const fields = card.fields.map((field) => {
    const found = fieldControl(field);
    const hint = field.schema?.description;
    const node = h("div.field", { class: `field ${found.kind}` }, h("label", { for: found.control.id }, field.name, field.hidden ? " (secret)" : ""), found.control, hint ? h("small", {}, hint) : null);
    return { ...found, name: field.name, node, before: found.state() };
  });
  const form = h("form.change", { submit: (event) => {
    event.preventDefault();
    const touched = fields.filter((each) => each.state() !== each.before); // what nobody touched stays exactly what it was
    if (!touched.length) {
      problem.textContent = "Nothing was changed. Change a value, or go back and approve the card as it is.";
      problem.hidden = false;
      return;
    }
    decide("edit", { written: Object.fromEntries(touched.map((each) => [each.name, each.read()])) }, event.submitter);
  } },
  h("p.hint", {}, "The changed call comes back as a new card, which waits for its own yes."), fields.map((each) => each.node), problem,
  h("div.buttons", {}, h("button.primary", {}, "Ask with these values"), h("button", { type: "button", click: () => redraw() }, "Back")));
  queueMicrotask(() => fields[0]?.control.focus());
  return form;
}

/** The answer to a question of an agent: one of its choices, or words of one's own. */
function questionParts(card, decide, redraw) {
  const words = h("textarea", { rows: "2", id: "words", "aria-label": "Your answer", placeholder: card.choices.length ? "Or in your own words" : "Your answer" });
  const answer = (text, button) => text.trim() && decide("edit", { changes: { answer: text } }, button);
  const box = h("div.answers", {},
    card.choices.length ? h("div.choices", { role: "group", "aria-label": "Choices" }, card.choices.map(({ value, text }) => h("button", { click: (event) => answer(value, event.currentTarget) }, text))) : null,
    h("form.change", { submit: (event) => {
      event.preventDefault();
      answer(words.value, event.submitter);
    } }, words,
    h("div.buttons", {}, h("button.primary", { "data-answer": "approve", "aria-keyshortcuts": "a" }, "Answer"),
      h("button.danger", { type: "button", "data-answer": "reject", "aria-keyshortcuts": "r", click: () => box.replaceWith(rejectForm(card, decide, redraw)) }, "No answer"))),
    state.me.only ? null : claimButtons(card, decide));
  return box;
}

const OUTCOMES = {
  approved: ["good", "Approved", "It is being carried out."],
  executing: ["good", "Approved", "It is under way."],
  done: ["good", "Done", "It was carried out, once."],
  failed: ["bad", "Failed", "Nothing happened."],
  unknown: ["bad", "Nobody knows whether this happened", "Look at the world before you ask again."],
  rejected: ["no", "Rejected", "Nothing was done."],
  edited: ["no", "Changed", "The changed call is a new card."],
  expired: ["no", "Expired", "Nobody decided in time. Nothing was done."],
  closed: ["no", "Closed", "The run has ended. Nothing was done."],
  proposed: ["no", "Expired", "Nobody decided in time. Nothing was done."],
};

function outcomePart(card) {
  if (card.state === "proposed" && card.expires_at > now()) return h("p.outcome.no", {}, "This request waits for a decision.");
  let [mood, title, text] = OUTCOMES[card.state] ?? ["no", card.state, ""];
  const by = card.decided_by === state.me.name ? "you" : card.decided_by;
  const yes = ["done", "failed", "unknown", "executing"].includes(card.state) ? ", approved" : "";
  const who = card.decided_by ? `${yes} by ${by}` : "";
  const next = card.next ?? (card.state === "edited" ? null : mine().find((line) => line.tool === card.tool)?.digest ?? mine()[0]?.digest);
  if (card.choices && ["edited", "approved"].includes(card.state)) [mood, title, text] = ["good", "Answered", "The agent was told the answer."];
  else if (card.state === "edited" && !card.next && card.run_over) text = "The changed call did not fit its tool, so it was not asked again. Nothing was done.";
  if (card.state === "approved" && card.next) [title, text] = ["Your yes counts", "Somebody else must say yes, too."];
  const inInbox = location.hash.startsWith("#/inbox");
  return h("div.outcome", { class: `outcome ${mood}`, role: "status" }, h("strong", {}, `${title}${who}`, card.decided_at ? h("span.when", {}, ", ", time(card.decided_at, ago(card.decided_at))) : null),
    h("span", {}, card.result?.text || text),
    inInbox && next && !state.me.read_only ? h("a.button", { href: `#/inbox/${next}` }, card.next ? "To the new card" : "Next request") : null);
}

// what is told while the page is open

function listen() {
  state.live?.close();
  if (state.me.read_only) return; // a copy does not change
  const live = (state.live = new EventSource(`api/live?since=${state.number ?? state.me.number}`));
  live.addEventListener("change", (event) => {
    const change = JSON.parse(event.data);
    if (change.trouble !== null) showTrouble(change.trouble);
    for (const line of change.lines) {
      if (line.state === "proposed") {
        if (!state.open.has(line.digest) && !line.refusal) say(`A new request: ${line.card}`);
        state.open.set(line.digest, line);
      } else {
        state.open.delete(line.digest);
        state.decided = [line, ...state.decided.filter((each) => each.digest !== line.digest)].slice(0, 50);
        if (line.state === "expired") say(`Expired without a decision: ${line.card}`);
      }
      for (const node of document.querySelectorAll(".card")) if (node.dataset.digest === line.digest) node.refresh();
    }
    if (change.lines.length) {
      drawList();
      if ($("#pane .empty") && state.open.size && matchMedia("(min-width: 900px)").matches) showInbox();
    }
    if (change.runs) window.dispatchEvent(new Event("runs"));
  });
  const readAnew = async () => {
    await loadInbox();
    drawList();
    for (const node of document.querySelectorAll(".card")) node.refresh();
    window.dispatchEvent(new Event("runs"));
  };
  live.addEventListener("reload", () => readAnew().catch(() => {}));
  live.addEventListener("error", async () => {
    showTrouble("The connection to the server was lost. The page tries again.");
    if (live.readyState === EventSource.CLOSED) setTimeout(begin, 2000);
  });
  live.addEventListener("open", () => {
    if (state.trouble.startsWith("The connection")) {
      showTrouble("");
      readAnew().catch(() => {});
    }
  });
}

// chat

async function showChat(name) {
  const [{ agents }, { chats, total }] = await Promise.all([ask("api/agents"), ask("api/chats")]);
  if (!agents.length) {
    frame("chat", "Chat", h("div.empty", {}, h("h1", {}, "Chat"), h("p", {}, "This app has no agent to talk with. Give it one: App(agents=[...]).")));
    return;
  }
  const fresh = !name;
  name ??= `chat-${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  const known = fresh ? [] : (await ask(`api/chats/${encodeURIComponent(name)}`)).turns;
  const agentChoice = h("select", { "aria-label": "Agent" }, agents.map((each) => h("option", {}, each.name)));
  if (known.length) agentChoice.value = known.at(-1).agent;
  const turns = h("div.turns", { id: "turns" });
  const input = h("textarea", { rows: "1", "aria-label": "Message", placeholder: `Message ${agentChoice.value}`, autocomplete: "off" });
  const send = h("button.primary", {}, "Send");
  const stop = h("button", { type: "button", hidden: true }, "Stop");
  const composer = h("form.composer", {}, agents.length > 1 ? agentChoice : null, input, send, stop);
  const chatRow = (each) => h("li", {}, h("a.line", { href: `#/chat/${encodeURIComponent(each.name)}`, "aria-current": each.name === name ? "true" : null },
      h("span.what", {}, each.title ?? each.name), h("span.meta", {}, each.agent, " · ", time(each.changed_at, ago(each.changed_at)), each.state === "waiting" ? h("span.tag.warn", {}, "waits for you") : null)));
  const rows = h("ul", {}, chats.map(chatRow));
  const more = h("button.quiet", { hidden: chats.length >= total, click: () => find(rows.children.length) }, "More conversations");
  const search = h("input.search", { type: "search", placeholder: "Find a conversation", "aria-label": "Find a conversation", hidden: total < 6, input: () => findSoon() });
  const find = async (offset) => {
    const found = await ask(`api/chats?find=${encodeURIComponent(search.value)}&offset=${offset}`).catch(() => null);
    if (!found) return;
    if (!offset) rows.replaceChildren();
    rows.append(...found.chats.map(chatRow));
    if (!rows.children.length) rows.append(h("li.none", {}, "No conversation begins so."));
    more.hidden = offset + found.chats.length >= found.total;
  };
  const findSoon = throttle(() => find(0), 250);
  const list = h("section.list", { "aria-label": "Conversations" }, h("p.title", { "aria-hidden": "true" }, "Chat"), h("a.button.new", { href: "#/chat" }, "New conversation"), search, rows, more);
  frame("chat", "Chat", h("div.split.talk", { class: fresh ? "split talk" : "split talk has-card" }, list, h("section.pane.conversation", { "aria-label": "Conversation" }, h("h1.unseen", {}, "Chat"),
    known.length ? h("a.back", { href: "#/chat" }, "All conversations") : null, turns, composer)));
  if (!known.length) turns.append(h("div.welcome", {}, h("span.mark.large", {}, icon("chat")), h("h2", {}, `Talk with ${agentChoice.value}`), h("p", {}, "Nothing with an effect happens before you approve its card.")));

  let running = null;
  const setRunning = (run) => {
    running = run;
    send.hidden = Boolean(run);
    stop.hidden = !run;
  };
  const addTurn = (turn) => {
    turns.querySelector(".welcome")?.remove();
    const node = turnNode(turn, { setRunning, say: (text) => submit(text) });
    turns.append(node);
    return node;
  };
  const lastNumber = () => Number((turns.querySelector(".turn:last-of-type")?.dataset.run ?? "").split(".").at(-1)) || 0;
  const submit = async (text) => {
    if (!text.trim() || running) return;
    turns.querySelectorAll(":scope > .problem").forEach((each) => each.remove());
    setRunning("...");
    input.value = "";
    grow();
    try {
      const number = lastNumber() + 1;
      const { run } = await ask(`api/chats/${encodeURIComponent(name)}/turns`, { text, agent: agentChoice.value, turn: number });
      if (fresh && location.hash !== `#/chat/${encodeURIComponent(name)}`) {
        history.replaceState(null, "", `#/chat/${encodeURIComponent(name)}`);
        list.querySelector("ul").prepend(h("li", {}, h("a.line", { href: `#/chat/${encodeURIComponent(name)}`, "aria-current": "true" }, h("span.what", {}, text.slice(0, 200)), h("span.meta", {}, agentChoice.value, " · just now"))));
      }
      const node = addTurn({ run, question: text, items: [], state: "queued", agent: agentChoice.value });
      node.scrollIntoView({ block: "start" });
    } catch (problem) {
      setRunning(null);
      input.value = text;
      turns.append(h("p.problem", { role: "alert" }, problem.message));
    }
  };
  const grow = () => {
    input.style.height = "auto";
    input.style.height = `${Math.min(input.scrollHeight + input.offsetHeight - input.clientHeight, 200)}px`;
  };
  composer.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(input.value);
  });
  input.addEventListener("input", grow);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit(input.value);
    }
  });
  agentChoice.addEventListener("change", () => (input.placeholder = `Message ${agentChoice.value}`));
  stop.addEventListener("click", () => running && ask(`api/runs/${encodeURIComponent(running)}/stop`, {}).catch(() => {}));
  /** What was said in another tab, or by a program, appears here too. */
  const readNew = throttle(async () => {
    if (running || !turns.isConnected || (fresh && !lastNumber()) || document.hidden) return;
    const found = await ask(`api/chats/${encodeURIComponent(name)}?after=${lastNumber()}`).catch(() => ({ turns: [] }));
    if (!running && turns.isConnected) found.turns.filter((turn) => Number(turn.run.split(".").at(-1)) > lastNumber()).forEach(addTurn);
  }, 1500);
  window.addEventListener("runs", readNew);
  state.leave.push(() => window.removeEventListener("runs", readNew));
  known.forEach(addTurn);
  input.focus();
  if (known.length) turns.lastElementChild.scrollIntoView({ block: "end" });
}

const UNDER_WAY = ["new", "queued", "running"];

/** Return a turn of a conversation: what was asked, and all that came of it, as it comes. */
function turnNode(turn, { setRunning, say: again }) {
  const body = h("div.answer", { "aria-live": "off" });
  const working = h("p.working", { role: "status" }, h("span.dots", { "aria-hidden": "true" }), "Working ...");
  const foot = h("footer.used");
  const node = h("article.turn", { "data-run": turn.run }, h("div.question", {}, h("p", {}, turn.question)), body, working, foot);
  let draft = null;
  let lastTurn = -1;
  let seen = 0;
  const calls = new Map();

  const drafts = (kind) => {
    if (!draft) {
      draft = { thought: null, text: null, raw: "" };
    }
    if (kind === "thought" && !draft.thought) body.append((draft.thought = h("details.thought", {}, h("summary", {}, "Thinking"), h("p"))));
    if (kind === "text" && !draft.text) body.append((draft.text = h("div.prose.draft")));
    return draft;
  };
  const dropDraft = () => {
    draft?.thought?.remove();
    draft?.text?.remove();
    draft = null;
  };
  const takeDelta = (delta) => {
    if (delta.what === "note") body.append(h("p.note", {}, delta.text));
    else if (Number(delta.turn) <= lastTurn) return;
    else if (delta.what === "withdrawn") dropDraft();
    else if (delta.what === "text") {
      const { text } = drafts("text");
      draft.raw += delta.text;
      text.replaceChildren(...markdown(draft.raw).childNodes);
    } else if (delta.what === "thought") drafts("thought").thought.lastChild.append(delta.text);
    else if (delta.what === "stage") working.lastChild.textContent = delta.text;
    else if (delta.what === "call") working.lastChild.textContent = `Asks for ${delta.tool} ...`;
  };
  const takeItem = (item) => {
    if (item.number <= seen) return;
    seen = Math.max(seen, item.number);
    if (item.kind === "reply") {
      dropDraft();
      if (!item.place) lastTurn = Math.max(lastTurn, Number(item.turn));
      if (item.thought) body.append(h("details.thought", {}, h("summary", {}, "Thought"), h("p", {}, item.thought)));
      item.calls.forEach((call, index) => {
        const details = h("details.call", {}, h("summary", {}, h("span.tool", {}, call.tool), h("span.how", {}, describeArguments(call.arguments))), h("pre", { tabindex: "0" }, prettyJson(call.arguments)));
        calls.set(`${item.place}:${item.turn}.${index}`, details);
        body.append(details);
      });
    } else if (item.kind === "result" || item.kind === "receipt") {
      const call = calls.get(`${item.place}:${item.call}`);
      const text = h("p.result", { class: `result ${item.outcome}` }, h("span.tag", { class: `tag ${item.outcome}` }, item.outcome), " ", item.text);
      const asked = body.querySelector(".card-place:not(.settled)"); // its card tells what came of it
      if (item.kind === "receipt" && asked) {
        asked.classList.add("settled");
        asked.querySelector(".card")?.refresh();
      } else if (item.kind === "receipt" && item.outcome === "done") body.append(h("p.receipt", {}, icon("check"), h("span", {}, item.text)));
      else if (call) {
        call.append(text);
        call.querySelector(".how").append(` → ${item.text.slice(0, 120)}`);
      } else body.append(h("details.call", {}, h("summary", {}, h("span.tool", {}, item.origin || "tool"), h("span.how", {}, item.text.slice(0, 160))), text));
    } else if (item.kind === "card") {
      const place = h("div.card-place");
      body.append(place);
      ask(`api/cards/${item.digest}`).then((card) => place.append(cardNode(card)), (problem) => place.append(h("p.problem", {}, problem.message)));
    } else if (item.kind === "decided") {
      const card = body.querySelector(`.card[data-digest="${item.digest}"]`);
      card?.refresh();
    } else if (["retry", "trouble", "note"].includes(item.kind)) body.append(h("p.note", {}, item.text));
    else if (item.kind === "expired") body.append(h("p.note", {}, "Nobody decided in time; the request has expired."));
  };
  const takeEnd = (end) => {
    working.hidden = true;
    setRunning(null);
    if (end.state === "done") {
      dropDraft();
      body.append(end.is_text ? markdown(end.output) : h("pre", { tabindex: "0" }, end.output ?? ""));
    } else if (end.state === "failed") body.append(h("p.problem", { role: "alert" }, end.error ?? "The run has failed."));
    else if (end.state === "cancelled") body.append(h("p.note", {}, "Stopped."));
    const parts = [];
    if (end.tokens_in || end.tokens_out) parts.push(`${plural(end.tokens_in, "token")} in, ${end.tokens_out.toLocaleString("en")} out`);
    if (end.cost_usd) parts.push(dollars(end.cost_usd));
    if (end.spend_usd) parts.push(`${dollars(end.spend_usd)} spent`);
    foot.replaceChildren(parts.join(" · "), parts.length ? " · " : "", h("a", { href: `#/runs/${encodeURIComponent(turn.run)}` }, "What happened"));
    if (end.state === "failed" || end.state === "cancelled") foot.append(" · ", h("button.quiet", { click: () => again(turn.question) }, "Try again"));
    if (end.state === "done") say("Answered.");
    if (end.state === "waiting") {
      foot.append(" · ", h("button.quiet", { click: (event) => {
        event.currentTarget.disabled = true;
        ask(`api/runs/${encodeURIComponent(turn.run)}/stop`, {}).then(follow, (problem) => body.append(h("p.problem", { role: "alert" }, problem.message)));
      } }, "Stop, without deciding"));
      followWhenMoved();
    }
  };
  let following = false;
  const follow = () => {
    if (following) return;
    following = true;
    working.hidden = false;
    working.lastChild.textContent = "Working ...";
    setRunning(turn.run);
    const stream = new EventSource(`api/runs/${encodeURIComponent(turn.run)}/live?since=${seen}`);
    state.leave.push(() => stream.close());
    stream.addEventListener("items", (event) => JSON.parse(event.data).items.forEach(takeItem));
    stream.addEventListener("delta", (event) => takeDelta(JSON.parse(event.data)));
    stream.addEventListener("end", (event) => {
      stream.close();
      following = false;
      takeEnd(JSON.parse(event.data));
    });
  };
  /** A run that waits goes on when somebody has decided, here or elsewhere. */
  const followWhenMoved = () => {
    const look = () => {
      if (!node.isConnected) return window.removeEventListener("runs", look);
      const open = [...node.querySelectorAll(".card")].some((card) => state.open.has(card.dataset.digest));
      if (!open || node.querySelector(".card .outcome")) {
        window.removeEventListener("runs", look);
        follow();
      }
    };
    window.addEventListener("runs", look);
  };
  turn.items.forEach(takeItem);
  if (UNDER_WAY.includes(turn.state)) follow();
  else takeEnd(turn);
  return node;
}

function describeArguments(text) {
  try {
    return Object.entries(JSON.parse(text)).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join(", ").slice(0, 200);
  } catch {
    return text.slice(0, 200);
  }
}

function prettyJson(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// runs

const STATE_WORDS = { new: "new", queued: "queued", running: "running", waiting: "waits", interrupted: "interrupted", died: "died", done: "done", failed: "failed", cancelled: "stopped", unknown: "unknown" };
const NEED_WORDS = { unknown: "Nobody knows whether a write happened", died: "The program that executed it is gone", interrupted: "Its program was stopped", waiting: "Waits for a decision" };

async function showRuns() {
  const list = h("div.table");
  const more = h("button", { hidden: true }, "More runs");
  const urgent = h("section.urgent", { "aria-label": "Runs that need somebody", hidden: true });
  const filters = h("div.filters", { role: "group", "aria-label": "State" });
  frame("runs", "Runs", h("div.wide", {}, h("h1", {}, "Runs"), urgent, filters, list, more));
  let chosen = "";
  let shown = 0;
  const load = async (fresh) => {
    if (fresh) shown = 0;
    const data = await ask(`api/runs?state=${chosen}&offset=${shown}`);
    if (fresh) list.replaceChildren();
    if (fresh && !chosen) {
      urgent.hidden = !data.attention.length;
      urgent.replaceChildren(h("h2", {}, "Needs somebody"), h("ul", {}, data.attention.slice(0, 12).map((run) => h("li", {}, runRow(run, true)))));
    }
    list.append(...data.runs.map((run) => runRow(run, false)));
    shown += data.runs.length;
    if (!shown) list.replaceChildren(h("p.none", {}, "There are no runs here."));
    more.hidden = shown >= data.total;
    more.textContent = `More runs (${(data.total - shown).toLocaleString("en")})`;
  };
  const draw = () => filters.replaceChildren(...[["", "All"], ["running", "Running"], ["waiting", "Waiting"], ["failed", "Failed"], ["done", "Done"]].map(([name, label]) =>
    h("button.chip", { "aria-pressed": String(name === chosen), click: () => {
      chosen = name;
      draw();
      load(true);
    } }, label)));
  draw();
  await load(true);
  more.addEventListener("click", () => {
    if (shown > 300) list.replaceChildren(); // a page of many runs stays quick: the earlier ones are a filter away
    load(false);
  });
  const fresh = throttle(() => main()?.classList.contains("runs") && shown <= 50 && load(true).catch(() => {}), 1500);
  window.addEventListener("runs", fresh);
  state.leave.push(() => window.removeEventListener("runs", fresh));
}

function throttle(work, milliseconds) {
  let timer = null;
  return () => (timer ??= setTimeout(() => {
    timer = null;
    work();
  }, milliseconds));
}

function runRow(run, urgent) {
  return h("a.run", { href: `#/runs/${encodeURIComponent(run.run)}` }, h("span.tag", { class: `tag ${run.needs === "unknown" ? "unknown" : run.state}` }, STATE_WORDS[run.needs === "unknown" ? "unknown" : run.state] ?? run.state),
    h("span.what", {}, run.question || run.run, urgent && run.needs ? h("small", {}, NEED_WORDS[run.needs]) : run.error ? h("small.bad", {}, run.error) : null),
    h("span.meta", {}, run.flow, run.user ? ` · ${run.user}` : "", " · ", time(run.changed_at, ago(run.changed_at)), run.cost_usd ? ` · ${dollars(run.cost_usd)}` : "", run.spend_usd ? ` · ${dollars(run.spend_usd)} spent` : ""));
}

async function showRun(name) {
  const path = `api/runs/${encodeURIComponent(name)}`;
  const run = await ask(path);
  const head = h("header.run-head", {});
  const tree = h("section.tree", { "aria-label": "Branches" });
  const story = h("section.story", { "aria-label": "What happened" });
  frame("runs", `Run ${name}`, h("div.wide", {}, h("a.back", { href: "#/runs" }, "All runs"), head, tree, story));
  const draw = (run) => {
    const facts = [["Flow", run.flow], ["For", run.user], ["Began", clockTime(run.created_at)], [["done", "failed", "cancelled"].includes(run.state) ? "Took" : "Last change", ["done", "failed", "cancelled"].includes(run.state) ? duration(run.changed_at - run.created_at) : ago(run.changed_at)], ["Model calls", run.model_calls || null], ["Tokens", run.tokens_in ? `${run.tokens_in.toLocaleString("en")} in, ${run.tokens_out.toLocaleString("en")} out` : null], ["Cost", run.cost_usd ? dollars(run.cost_usd) : null], ["Spent by tools", run.spend_usd ? dollars(run.spend_usd) : null], ["Executions", run.attempts > 1 ? run.attempts : null]];
    const open = run.approvals.filter((each) => each.state === "proposed");
    fill(head, h("p.eyebrow", {}, h("span.tag", { class: `tag ${run.needs || run.state}` }, STATE_WORDS[run.needs || run.state] ?? run.state), h("code", {}, run.run)),
      h("h1", {}, run.question || run.run),
      h("dl.facts", {}, facts.filter(([, value]) => value).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, String(value))))),
      run.error ? h("p.problem", {}, run.error) : null,
      open.length ? h("ul.waits", {}, open.map((each) => h("li", {}, h("a", { href: `#/inbox/${each.digest}` }, "Waits: ", each.card)))) : null,
      run.output !== undefined ? h("details.output", { open: run.output.length < 1200 }, h("summary", {}, "Output"), run.is_text ? markdown(run.output) : h("pre", { tabindex: "0" }, run.output)) : null,
      h("div.tools", {}, proofButton(path), UNDER_WAY.includes(run.state) || state.me.read_only ? null : replayButton(path), UNDER_WAY.includes(run.state) && !state.me.read_only ? h("button", { click: () => ask(`${path}/stop`, {}) }, "Stop") : null));
    drawTree();
  };
  let drawing = null;
  const drawTree = () => tree.replaceChildren(...(drawing ? [h("h2", {}, "The workflow"), h("div.chart", { tabindex: "0", role: "group", "aria-label": "The workflow with its counts" }, chartNode(drawing))] : treeNodes(run)));
  const readDrawing = async () => {
    drawing = (await ask(`${path}/drawing`).catch(() => null))?.drawing ?? drawing;
    if (tree.isConnected && drawing) drawTree();
  };
  draw(run);
  const windowed = new StoryWindow(path, story, run);
  const fresh = throttle(async () => {
    if (!story.isConnected) return;
    const now = await ask(path).catch(() => null);
    if (now && (now.changed_at !== run.changed_at || now.items !== run.items)) {
      Object.assign(run, now);
      draw(run);
      windowed.grow(run.items);
      readDrawing();
    }
  }, 800);
  readDrawing();
  window.addEventListener("runs", fresh);
  state.leave.push(() => window.removeEventListener("runs", fresh));
}

const COUNT_WORDS = { done: "done", running: "running", waiting: "waiting", failed: "failed" };

/** The workflow as it is written, each box with how often it was reached and how it stands. */
function chartNode(part) {
  const label = part.label ? h("span.case", {}, part.label) : null;
  if (part.shape === "box") {
    const counts = Object.entries(part.counts);
    const state = counts[0]?.[0] ?? "untouched";
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const words = counts.length > 1 || (total > 1 && state !== "done") ? counts.map(([name, count]) => `${count.toLocaleString("en")} ${COUNT_WORDS[name]}`).join(", ") : `${total > 1 ? `${total.toLocaleString("en")} ` : ""}${COUNT_WORDS[state] ?? "not reached"}`;
    const more = [part.seconds / total >= 0.05 ? `${(part.seconds / total).toFixed(1)} s${total > 1 ? " each" : ""}` : "", part.retries ? `tried again ${part.retries}×` : ""].filter(Boolean);
    return h("div.box", { class: `box ${state}` }, label, h("strong", {}, part.title), h("small", {}, [words, ...more].join(", ")), part.error ? h("small.bad", {}, part.error) : null);
  }
  const parts = part.parts.map((each) => h("li", {}, chartNode(each)));
  if (part.shape === "frame") return h("div.frame", {}, label, h("p", {}, part.title), h("ol.sequence", {}, parts));
  return h("div", {}, label, h(part.shape === "beside" ? "ul.beside" : "ol.sequence", {}, parts));
}

/** What the log alone says of branches: alike ones beside each other are one line, with their counts. */
function treeNodes(run) {
  if (run.branches < 2) return [];
  const groups = new Map();
  for (const node of run.tree) {
    const key = plain(node.path);
    const group = groups.get(key) ?? { key, depth: key ? key.split("/").length : 0, nodes: [] };
    group.nodes.push(node);
    groups.set(key, group);
  }
  const count = (nodes, name) => nodes.reduce((sum, node) => sum + node[name], 0);
  const rows = [...groups.values()].sort((a, b) => (a.key < b.key ? -1 : 1)).slice(0, 150).map(({ key, depth, nodes }) => {
    const states = {};
    for (const node of nodes) states[node.state] = (states[node.state] ?? 0) + 1;
    const words = Object.entries(states).map(([name, some]) => (nodes.length > 1 ? `${some} ` : "") + (STATE_WORDS[name] ?? name)).join(", ");
    const worst = ["failed", "waiting", "running"].find((name) => states[name]) ?? "done";
    const retries = count(nodes, "retries");
    return h("li", { class: `depth-${Math.min(6, depth)}` }, h("span.dot", { class: `dot ${worst}`, "aria-hidden": "true" }), h("span", {}, key.split("/").at(-1) || run.flow, nodes.length > 1 ? ` ×${nodes.length}` : ""),
      h("small", {}, `${words}, ${plural(count(nodes, "steps"), "step")}${retries ? `, tried again ${retries}×` : ""}`));
  });
  return [h("details", { open: true }, h("summary", {}, "Branches"), h("ul", {}, rows), run.branches > run.tree.length ? h("p.note", {}, `The first ${run.tree.length.toLocaleString("en")} of ${run.branches.toLocaleString("en")} are counted here.`) : null)];
}

function proofButton(path) {
  const box = h("div.proof-box");
  const button = h("button", { click: async () => {
    button.disabled = true;
    try {
      const verdict = await ask(`${path}/verify`);
      const good = !verdict.problems.length;
      box.replaceChildren(h("div.outcome", { class: `outcome ${good ? "good" : "bad"}`, role: "status" }, h("strong", {}, good ? "Unchanged" : "This is not what was written"),
        h("span", {}, good ? "Every row follows from the one before it, and all that is stored beside the log is what it says." : verdict.problems.join(" ")),
        ...verdict.notes.map((note) => h("span", {}, note)),
        h("span", {}, verdict.keyed ? "The rows carry a keyed hash: they were written by a program that has the key." : "This shows accidental or partial change. Whoever can write the whole database can compute the chain anew; a head stored elsewhere, or a key, shows that too."),
        h("code.digest", {}, `head ${verdict.head}`)));
    } catch (problem) {
      box.replaceChildren(h("p.problem", { role: "alert" }, problem.message));
    }
    button.disabled = false;
  } }, "Verify the log");
  return h("div", {}, button, box);
}

function replayButton(path) {
  const box = h("div.proof-box");
  const button = h("button", { click: async () => {
    button.disabled = true;
    try {
      const found = await ask(`${path}/replay`, {});
      fill(box, h("div.outcome", { class: `outcome ${found.same ? "good" : "bad"}`, role: "status" }, h("strong", {}, found.same ? "The current code does the same" : "The current code does something else"),
        h("span", {}, `${plural(found.steps, "step")} ${found.same ? "compared" : "before it are the same"}. Nothing was done.`), found.difference ? h("pre", { tabindex: "0" }, found.difference) : null));
    } catch (problem) {
      fill(box, h("p.problem", { role: "alert" }, problem.message));
    }
    button.disabled = false;
  } }, "Replay with the current code");
  return h("div", {}, button, box);
}

/** A story of any length in few nodes: pieces of it that are near are there, the others are their height. */
class StoryWindow {
  static SIZE = 100;

  constructor(path, node, run) {
    this.path = path;
    const keys = run.tree.map((node) => plain(node.path));
    this.many = new Set(keys.filter((key, at) => keys.indexOf(key) !== at));
    this.list = h("div.pieces");
    node.replaceChildren(h("h2", {}, "What happened"), this.list);
    this.pieces = [];
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.turn(entry)), { rootMargin: "600px" });
    this.total = 0;
    this.grow(run.items);
  }

  grow(total) {
    const last = this.pieces.at(-1);
    if (last && total > this.total && last.shown) this.fill(last);
    this.total = total;
    while (this.pieces.length * StoryWindow.SIZE < total) {
      const first = this.pieces.length * StoryWindow.SIZE;
      const node = h("ol.piece", { start: String(first + 1) });
      node.style.minHeight = `${Math.min(StoryWindow.SIZE, total - first) * 44}px`;
      const piece = { first, node, shown: false };
      node.piece = piece;
      this.pieces.push(piece);
      this.list.append(node);
      this.observer.observe(node);
    }
  }

  turn(entry) {
    const piece = entry.target.piece;
    if (entry.isIntersecting && !piece.shown) {
      piece.shown = true;
      this.fill(piece);
    } else if (!entry.isIntersecting && piece.shown) {
      piece.shown = false;
      piece.node.style.minHeight = `${piece.node.offsetHeight}px`;
      piece.node.replaceChildren();
    }
  }

  async fill(piece) {
    const data = await ask(`${this.path}/story?first=${piece.first}&size=${StoryWindow.SIZE}`).catch(() => null);
    if (!data || !piece.shown) return;
    piece.node.replaceChildren(...data.items.map((item) => storyRow(item, this.many)));
    piece.node.style.minHeight = "";
  }
}

const TELL = {
  asked: (item) => ["asked", item.text],
  reply: (item) => ["model", [item.text, ...item.calls.map((call) => `asks for ${call.tool}: ${describeArguments(call.arguments)}`)].filter(Boolean).join(" · ") || "(nothing)", `${item.model ? `${item.model}: ` : ""}${item.tokens_in.toLocaleString("en")} tokens in, ${item.tokens_out} out${item.cost_usd ? `, ${dollars(item.cost_usd)}` : ""}, ${item.seconds.toFixed(1)} s`],
  result: (item) => ["tool", item.text, `${item.outcome}${item.origin ? `, from ${item.origin}` : ""}`],
  receipt: (item) => ["receipt", item.text, item.outcome],
  card: (item) => ["asks", item.card, `request ${item.digest.slice(0, 12)}`],
  decided: (item) => [item.word, item.text],
  writes: (item) => ["writes", `${item.tool} begins`, `key ${item.key}`],
  settled: (item) => ["settled", `${item.tool}: ${item.outcome}`],
  granted: (item) => ["granted", `${item.tool} was covered by a standing approval; nobody was asked`, item.grant],
  step: (item) => ["step", `${nameOf(item.name)} gave: ${item.text}`, item.seconds > 0.05 ? `${item.seconds.toFixed(1)} s` : ""],
  retry: (item) => ["retry", `${nameOf(item.name)} failed and is tried again in ${item.wait.toFixed(1)} s: ${item.text}`, `try ${item.attempt}`],
  note: (item) => ["note", item.text],
  failed: (item) => ["failed", item.text],
  trouble: (item) => ["trouble", item.text],
  expired: () => ["expired", "Nobody decided in time; nothing was done"],
  died: (item) => ["died", `${item.by} stopped without ending the run`],
  executed: (item) => ["resumed", `Execution ${item.again}, by ${item.by}`],
  ended: (item) => (item.state === "waiting" ? ["paused", "Waits for a decision"] : ["ended", STATE_WORDS[item.state] ?? item.state]),
  round: (item) => ["round", `Round ${item.round} is over`],
};

/** Return a position as people read it: "quotes.0/each.11" is "in quotes, each 12"; those that stand alone have no number. */
function placeOf(place, many) {
  const parts = place ? place.split("/") : [];
  const words = parts.map((part, at) => nameOf(part) + (many?.has(plain(parts.slice(0, at + 1).join("/"))) ? ` ${Number(part.split(".").at(-1)) + 1}` : ""));
  return words.length ? `in ${words.join(", ")}` : "";
}

/** A position without its numbers: alike ones are one. */
const plain = (place) => place.replace(/\.\d+(?=\/|$)/g, "");

const nameOf = (step) => step.replace(/\.\d+(\.\w+)?$/, (_, kind) => (kind ? ` (${kind.slice(1)})` : ""));

function storyRow(item, many) {
  const [kind, text, detail] = (TELL[item.kind] ?? (() => [item.kind, ""]))(item);
  return h("li", { class: `event ${item.kind === "card" ? "asks" : item.kind} ${item.outcome ?? ""}` }, h("span.kind", {}, kind), h("div.text", {}, text, detail || item.place ? h("small", {}, [placeOf(item.place, many), detail].filter(Boolean).join(" · ")) : null), time(item.at, new Date(item.at * 1000).toLocaleTimeString()));
}

// the API, for people

async function showApi() {
  const api = await ask("api/openapi.json");
  const rows = Object.entries(api.paths).flatMap(([path, does]) => Object.entries(does).map(([method, about]) => ({ path, method: method.toUpperCase(), about })));
  const fields = (about) => {
    const schema = about.requestBody?.content["application/json"].schema.properties ?? {};
    return Object.entries(schema).map(([name, each]) => h("div", {}, h("code", {}, name), ` ${each.type}${each.description ? `: ${each.description}` : ""}`));
  };
  const table = (title, some) => h("section", {}, h("h2", {}, title), h("div.scroll", { tabindex: "0" }, h("table", {}, h("thead", {}, h("tr", {}, ["Method", "Address", "What it does", "Body"].map((each) => h("th", { scope: "col" }, each)))),
    h("tbody", {}, some.map(({ path, method, about }) => h("tr", {}, h("td", {}, method), h("td", {}, h("code", {}, path)), h("td", {}, inline(about.summary)), h("td", {}, fields(about))))))));
  frame("api", "API", h("div.wide.api", {}, h("h1", {}, "The API of this page"), h("p", {}, api.info.description, " Every change carries the header ", h("code", {}, "Authorization: Bearer TOKEN"), ", the token of your link, or ", h("code", {}, "X-Sayso-Token"), " from /api/me beside the cookie. The same as OpenAPI: ", h("a", { href: "api/openapi.json" }, "openapi.json"), "."),
    table("To read", rows.filter((row) => row.method === "GET")), table("To change", rows.filter((row) => row.method === "POST")),
    h("section", {}, h("h2", {}, "What is refused"), h("dl.values", {}, Object.entries(rows[0].about.responses).filter(([status]) => status !== "200").map(([status, each]) => h("div.value", {}, h("dt", {}, status), h("dd", {}, each.description)))))));
}

// the way about

async function go() {
  state.leave.splice(0).forEach((leave) => leave());
  const [, place, ...rest] = location.hash.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  const name = rest.length ? rest.join("/") : undefined;
  try {
    if (state.me.only) showInbox(state.me.only);
    else if (place === "chat" && !state.me.read_only) await showChat(name);
    else if (place === "api") await showApi();
    else if (place === "you") showYou();
    else if (place === "runs") await (name ? showRun(name) : showRuns());
    else showInbox(name);
  } catch (problem) {
    if (problem.status === 401) return signedOut(problem.message);
    if (!(problem instanceof Problem)) throw problem;
    frame(place || "inbox", "Problem", h("div.empty", {}, h("h1", {}, "That did not work"), h("p.problem", { role: "alert" }, problem.message), h("button", { click: go }, "Try again")));
  }
}

function move(step) {
  const lines = [...document.querySelectorAll("#list .rows a.line")];
  if (!lines.length) return;
  const at = lines.findIndex((line) => line.getAttribute("aria-current"));
  const next = lines[Math.max(0, Math.min(lines.length - 1, at + step))];
  location.hash = next.getAttribute("href");
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, [contenteditable]")) return;
  const card = $("#pane .card");
  const actions = { j: () => move(1), k: () => move(-1), a: () => card?.answer("approve"), e: () => card?.answer("edit"), r: () => card?.answer("reject") };
  if (actions[event.key] && main()?.classList.contains("inbox")) {
    event.preventDefault();
    actions[event.key]();
  }
}

/** Sign in by the link that the server has printed, or open one request by a link from a message. */
async function takeLink() {
  const found = location.hash.match(/^#(token|card)=([\w.-]+)$/);
  if (!found) return true;
  history.replaceState(null, "", `${location.pathname}${location.search}#/inbox`);
  if (found[1] === "token") {
    await ask("api/sign-in", { token: found[2] });
    return true;
  }
  document.title = "A request · Sayso";
  await new Promise((resolve) => {
    $("#page").replaceChildren(h("main.centred", { id: "main" }, h("span.mark.large", {}, icon("check")), h("h1", {}, "A request waits for you"),
      h("p", {}, "This link opens its card, once. Nothing is decided by opening it."), h("button.primary", { click: resolve }, "Open the card")));
  });
  await ask("api/open-link", { token: found[2] });
  return true;
}

async function begin() {
  try {
    await takeLink();
    state.me = await ask("api/me");
    state.key = mustSign() ? await findKey() : undefined;
    await loadInbox();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.status) return signedOut(problem.message);
    signedOut(problem.message);
    setTimeout(begin, 3000);
    return;
  }
  listen();
  await go();
}

window.addEventListener("hashchange", () => (/^#(token|card)=/.test(location.hash) ? location.reload() : go()));
window.addEventListener("keydown", keys);
begin();

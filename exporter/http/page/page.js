// The live page: asks /api/v1/clusters again and again, and draws what it says.
// SPDX-License-Identifier: Apache-2.0
//
// All text of a server goes through textContent or setAttribute: nothing of it is ever markup.
"use strict";

const PERIOD_MS = 2000;
const GIVE_UP_MS = 5000;
const SIGNS = { good: "✔", warning: "▲", critical: "✖" };
// `steps` are as many as the exporter keeps; `least`: seconds of lag that fill the height, at least.
const TRAIL = { width: 300, height: 40, steps: 90, least: 5 };

let answeredAt = null; // when, by this browser's clock

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function drawing(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d ${Math.floor((seconds % 86400) / 3600)} h`;
}

function bytes(count) {
  if (count === null) return "";
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  let size = count, unit = 0;
  while (Math.abs(size) >= 1024 && unit < units.length - 1) { size /= 1024; unit += 1; }
  return `${unit ? size.toFixed(1) : size} ${units[unit]}`;
}

function bounded(lag) {
  const bound = { at_least: "≥ ", at_most: "≤ " }[lag.bound] || "";
  return (lag.known ? "" : bound) + duration(lag.seconds);
}

function worst(concerns) {
  if (concerns.some((one) => one.severity === "critical")) return "critical";
  return concerns.length ? "warning" : "good";
}

function verdict(concerns) {
  const count = (severity) => concerns.filter((one) => one.severity === severity).length;
  const parts = ["critical", "warning"].filter(count).map((severity) => `${count(severity)} ${severity}`);
  return parts.length ? parts.join(", ") : "all is well";
}

function link(server) {
  if (server.lag === null) return [];
  const state = server.streaming ? "streaming" : server.connected ? "connected" : "not connected";
  return [state, ...(server.sync_state ? [server.sync_state] : [])];
}

function state(server) {
  const parts = [];
  if (server.up === false) parts.push(server.reason ? `down: ${server.reason}` : "not tried yet");
  if (!server.configured) parts.push("not configured");
  parts.push(...link(server));
  if (server.lag && server.lag.cause !== "none") parts.push(server.lag.cause.replaceAll("_", " "));
  if (server.diverged) parts.push("diverged");
  if (server.candidacy === "best") parts.push("should lead next");
  if (server.unplaced) parts.push(server.unplaced);
  if (server.hint) parts.push(server.hint);
  return parts.join(" · ");
}

// The last quarter of an hour ends at the right edge; the dashed line is the lag that is too much.
function trail(server) {
  const told = server.lag_trail;
  if (server.lag === null || told === null || told.seconds.length < 2) return null;
  const limit = server.lag.threshold_seconds;
  const most = Math.max(...told.seconds);
  const full = Math.max(most, TRAIL.least) * 1.1;
  const x = (i) => TRAIL.width * (1 - (told.seconds.length - 1 - i) / (TRAIL.steps - 1));
  const y = (seconds) => TRAIL.height * (1 - seconds / full);
  const points = told.seconds.map((seconds, i) => `${x(i).toFixed(1)},${y(seconds).toFixed(1)}`);
  const minutes = Math.round((told.seconds.length * told.step_seconds) / 60);
  const picture = drawing("svg", {
    class: "trail", viewBox: `0 0 ${TRAIL.width} ${TRAIL.height}`, preserveAspectRatio: "none", role: "img",
    "aria-label": `Lag of ${server.name} in the last ${minutes} minutes: at most ${duration(most)}`,
  }, drawing("polyline", { class: "line", points: points.join(" ") }));
  if (limit < full) {
    picture.append(drawing("line", { class: "limit", x1: 0, x2: TRAIL.width, y1: y(limit), y2: y(limit) }));
  }
  return picture;
}

function card(server, concerns) {
  const level = worst(concerns.filter((one) => one.server === server.name));
  return element("div", { class: `server ${level}` },
    element("div", { class: "name" },
      element("span", { class: "sign", "aria-label": level }, SIGNS[level]),
      ` ${server.name} `, element("span", { class: "role" }, server.role || "unknown")),
    element("div", { class: "state" }, state(server)),
    server.lag ? element("div", { class: "lag" }, bounded(server.lag)) : null,
    trail(server));
}

function branch(server, byName, concerns, top) {
  const item = element("li", !top && server.lag && !server.connected ? { class: "cut" } : {},
    card(server, concerns));
  const standbys = server.standbys.map((name) => byName.get(name)).filter((one) => one);
  if (standbys.length) {
    item.append(element("ul", { "aria-label": `standbys of ${server.name}` },
      ...standbys.map((one) => branch(one, byName, concerns, false))));
  }
  return item;
}

function tree(cluster) {
  const byName = new Map(cluster.servers.map((server) => [server.name, server]));
  const below = new Set(cluster.servers.flatMap((server) => server.standbys));
  const roots = cluster.servers.filter((server) => !below.has(server.name));
  return element("ul", { class: "tree", "aria-label": `servers of ${cluster.name}` },
    ...roots.map((server) => branch(server, byName, cluster.concerns, true)));
}

function figure(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function figures(cluster) {
  const standbys = cluster.servers.filter((server) => server.lag && server.connected).length;
  const lost = cluster.rpo.standby;
  const loss = lost.bytes === null ? "unknown"
    : `${lost.known ? "" : "≥ "}${bytes(lost.bytes)}${lost.seconds === null ? "" : `, ${duration(lost.seconds)}`}`;
  const archives = cluster.servers.filter((server) => server.archive && server.archive.enabled);
  const behind = archives.map((server) => server.archive.unarchived_seconds).filter((one) => one !== null);
  return element("dl", { class: "figures" },
    figure("primaries", `${cluster.primaries} of ${cluster.expected_primaries}`),
    figure("standbys connected", `${standbys} of ${cluster.expected_standbys}`),
    figure("lost if the primary died now", loss),
    figure("a failover should choose", cluster.failover_candidate || "nobody"),
    archives.length ? figure("not archived since", behind.length ? duration(Math.max(...behind)) : "unknown") : null);
}

function slots(cluster) {
  const rows = cluster.servers.flatMap((server) => (server.slots || []).map((slot) =>
    element("tr", {}, element("td", {}, server.name), element("td", {}, slot.name),
      element("td", {}, slot.active ? "in use" : "unused"), element("td", {}, slot.wal_status || ""),
      element("td", { class: "number" }, bytes(slot.retained_bytes)),
      element("td", { class: "number" }, bytes(slot.safe_bytes)))));
  if (!rows.length) return null;
  const heads = ["server", "slot", "use", "WAL", "holds back", "until lost"];
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "slots" }, element("table", {}, element("caption", {}, "Replication slots"),
    element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", { scope: "col" }, head)))),
    element("tbody", {}, ...rows)));
}

function section(cluster) {
  const level = worst(cluster.concerns);
  const concerns = cluster.concerns.map((one) => element("li", { class: one.severity },
    `${SIGNS[one.severity]} ${one.server ? `${one.server}: ` : ""}${one.text}`));
  return element("section", { class: level, "aria-label": `cluster ${cluster.name}` },
    element("h2", {}, cluster.name),
    element("p", { class: `verdict ${level}` }, `${SIGNS[level]} ${verdict(cluster.concerns)}`),
    concerns.length ? element("ul", { class: "concerns" }, ...concerns) : null,
    figures(cluster), tree(cluster), slots(cluster));
}

function draw(told) {
  const clusters = document.getElementById("clusters");
  clusters.replaceChildren(...(told.clusters.length ? told.clusters.map(section)
    : [element("p", {}, "No cluster is configured here.")]));
  const all = told.clusters.flatMap((cluster) => cluster.concerns);
  const level = worst(all);
  const summary = document.getElementById("summary");
  const text = `${SIGNS[level]} ${verdict(all)}`;
  if (summary.textContent !== text) summary.textContent = text; // a screen reader says changes only
  document.title = `${SIGNS[level]} PostgreSQL replication`;
  document.getElementById("as-of").textContent =
    `As of ${new Date(told.at * 1000).toLocaleTimeString()}, pg_replication_exporter ${told.exporter_version}`;
}

function tellWhetherGone() {
  const gone = document.getElementById("gone");
  const silent = answeredAt === null ? 0 : Date.now() - answeredAt;
  const isGone = silent > GIVE_UP_MS;
  gone.hidden = !isGone;
  document.body.classList.toggle("stale", isGone);
  if (!isGone) return;
  // Said once, not again each second.
  const since = `The exporter does not answer since ${new Date(answeredAt).toLocaleTimeString()}: `
    + "what is below was true then, and nobody watches now.";
  if (gone.textContent !== since) gone.textContent = since;
  document.title = `${SIGNS.critical} no answer - PostgreSQL replication`;
}

async function look() {
  if (answeredAt === null) answeredAt = Date.now();
  try {
    const answer = await fetch("api/v1/clusters", { cache: "no-store", signal: AbortSignal.timeout(GIVE_UP_MS) });
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    const told = await answer.json();
    answeredAt = Date.now();
    draw(told);
  } catch (error) {
    console.warn("no answer from the exporter:", error);
  }
  tellWhetherGone();
  setTimeout(look, PERIOD_MS);
}

look();

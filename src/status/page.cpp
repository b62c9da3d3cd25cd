#include "status/report.h"

namespace cdn::status {

// One page without outside resources.  It asks its own address for JSON, and
// puts what it gets into the document as text only.
std::string_view page()
{
    return R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ngx_cdn status</title>
<link rel="icon" href="data:," id="icon">
<style>
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --line: #e1e4ea; --text: #14181f; --soft: #5b6472; --chart: #2563eb;
  --good: #12805c; --fair: #9a6700; --bad: #c62f28; --idle: #5b6472;
  --good-back: #e3f4ec; --fair-back: #fdf1d3; --bad-back: #fde7e5; --idle-back: #e9ecf1;
  font: 16px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171b22; --line: #2a303b; --text: #e8ebf0; --soft: #9aa4b2; --chart: #6ea8fe;
    --good: #4cc38a; --fair: #e5b13a; --bad: #ff7b72; --idle: #9aa4b2;
    --good-back: #10281f; --fair-back: #2d2410; --bad-back: #331513; --idle-back: #1f242d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font-variant-numeric: tabular-nums; }
.wrap { max-width: 76rem; margin: 0 auto; padding: .75rem; }
.wrap, main { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr); }
.top { display: flex; justify-content: space-between; gap: .5rem 1rem; align-items: baseline; flex-wrap: wrap; padding: 0 .25rem; }
h1 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: .95rem; margin: 0 0 .5rem; }
.soft { color: var(--soft); font-size: .85rem; }
#node, td:first-child { unicode-bidi: isolate; }
.good { color: var(--good); } .fair { color: var(--fair); } .bad { color: var(--bad); } .idle { color: var(--idle); }

.verdict { display: flex; gap: 1rem; align-items: center; padding: 1rem 1.1rem; border-radius: .8rem; border: 1px solid; }
.verdict.good { background: var(--good-back); } .verdict.fair { background: var(--fair-back); }
.verdict.bad { background: var(--bad-back); } .verdict.idle { background: var(--idle-back); }
.verdict strong { display: block; font-size: clamp(1.3rem, 5vw, 1.75rem); line-height: 1.2; }
.verdict p { margin: .2rem 0 0; color: var(--text); overflow-wrap: anywhere; }
.ring { flex: none; width: 4.6rem; height: 4.6rem; position: relative; }
.ring svg { width: 100%; height: 100%; transform: rotate(-90deg); fill: none; stroke: currentColor; stroke-width: 7; }
.ring circle:first-child { opacity: .2; }
.ring b { position: absolute; inset: 0; display: grid; place-items: center; font-size: 1.5rem; }
.stale .verdict, .stale main { opacity: .45; }

.cards { display: grid; gap: .75rem; }
.cards > * { min-width: 0; }
.columns { columns: 22rem 3; column-gap: .75rem; }
.columns > * { break-inside: avoid; margin-bottom: .75rem; }
.cards { grid-template-columns: repeat(auto-fit, minmax(min(100%, 13.5rem), 1fr)); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .8rem; padding: .8rem .9rem; }
.card header { display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; }
.card h2 { margin: 0; }
.big { font-size: 1.75rem; font-weight: 650; line-height: 1.25; letter-spacing: -.02em; }
.big small { font-size: 1rem; font-weight: 500; color: var(--soft); letter-spacing: 0; }
.pill { font-size: .8rem; font-weight: 600; white-space: nowrap; }

.chart { position: relative; margin: .5rem 0 0; outline-offset: 3px; }
.chart svg { display: block; width: 100%; height: 4.5rem; overflow: visible; }
.chart path { vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.chart .area { fill: currentColor; opacity: .13; }
.chart .curve { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; }
.chart .base { stroke: var(--line); stroke-width: 1; }
.chart { color: var(--chart); } .chart.red { color: var(--bad); }
.chart i { position: absolute; top: 0; height: 4.5rem; border-left: 1px solid var(--soft); pointer-events: none; }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); gap: .5rem; white-space: nowrap; }

.switch { display: inline-flex; border: 1px solid var(--line); border-radius: .5rem; overflow: hidden; background: var(--card); }
.switch button { font: inherit; font-size: .85rem; border: 0; background: none; color: var(--soft); padding: .35rem .8rem; cursor: pointer; }
.switch button[aria-pressed=true] { background: var(--chart); color: var(--card); font-weight: 600; }
:focus-visible { outline: 2px solid var(--chart); outline-offset: 2px; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .3rem .4rem; border-top: 1px solid var(--line); text-align: right; white-space: nowrap; }
thead th { border-top: 0; color: var(--soft); font-weight: 500; font-size: .8rem; }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; overflow-wrap: anywhere; min-width: 6.5rem; font-weight: 500; }
th:last-child, td:last-child { padding-right: 0; }
.bar { display: grid; grid-template-columns: 6.5rem 1fr auto; gap: .6rem; align-items: center; font-size: .9rem; padding: .2rem 0; }
.bar span:nth-child(2) { height: .55rem; border-radius: .3rem; background: var(--line); overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--chart); border-radius: .3rem; }
.item { border-top: 1px solid var(--line); padding: .5rem 0; overflow-wrap: anywhere; }
.item:first-of-type { border-top: 0; padding-top: 0; }
.item:last-child { padding-bottom: 0; }
.item b { font-weight: 600; }
code { font-family: ui-monospace, SFMono-Regular, Menlo, monospace; font-size: .85em; background: var(--idle-back); border-radius: .25rem; padding: .1em .35em; overflow-wrap: anywhere; }
details summary { cursor: pointer; color: var(--soft); font-size: .85rem; padding-top: .4rem; }
@media (min-width: 30rem) and (max-width: 62rem) { .cards { grid-template-columns: 1fr 1fr; } }
@media (max-width: 30rem) {
  #windows :is(th, td):nth-child(3) { display: none; }
  th:first-child, td:first-child { min-width: 5rem; }
}
[hidden] { display: none !important; }
</style>
</head>
<body>
<div class="wrap" id="all">
  <div class="top"><h1>ngx_cdn <span id="node"></span></h1><span class="soft" id="state">loading …</span></div>
  <section class="verdict idle" id="verdict" aria-label="Verdict">
    <div class="ring" role="img" aria-label="no score" id="ring">
      <svg viewBox="0 0 80 80" aria-hidden="true"><circle cx="40" cy="40" r="35"/><circle cx="40" cy="40" r="35" id="arc" stroke-linecap="round" pathLength="100" stroke-dasharray="0 100"/></svg>
      <b id="score" aria-hidden="true">–</b>
    </div>
    <div role="status"><strong id="headline">Loading</strong><p id="why"></p></div>
  </section>
  <main>
    <section class="card" id="alerts" hidden aria-label="Alerts">
      <h2>Alerts</h2><div id="active"></div>
      <details id="past"><summary id="past_title"></summary><div id="ended"></div></details>
    </section>
    <div class="top">
      <div class="switch" role="group" aria-label="Time shown by the charts">
        <button id="short" aria-pressed="true">5 minutes</button><button id="long" aria-pressed="false">48 hours</button>
      </div>
      <span class="soft" id="bytes"></span>
    </div>
    <div class="cards" id="cards"></div>
    <section class="card" id="advice" hidden><h2>Advice</h2><div id="recommendations"></div></section>
    <section class="card"><h2>So far</h2><div class="scroll" tabindex="0" role="region" aria-label="So far"><table id="windows"></table></div></section>
    <div class="columns">
      <section class="card"><h2>Asked for most</h2><table id="objects"></table></section>
      <section class="card"><h2>Missed most</h2><table id="misses"></table></section>
      <section class="card"><h2>Why the cache had no answer <span class="soft">24 hours</span></h2><div id="reasons"></div></section>
      <section class="card"><h2>Caches</h2><div id="caches"></div></section>
      <section class="card"><h2>Profiles</h2><div class="scroll" tabindex="0" role="region" aria-label="Profiles"><table id="profiles"></table></div></section>
      <section class="card"><h2>Regions</h2><div class="scroll" tabindex="0" role="region" aria-label="Regions"><table id="regions"></table></div></section>
      <section class="card"><h2>Content</h2><table id="content"></table></section>
      <section class="card"><h2>Responses</h2><table id="classes"></table></section>
    </div>
    <div class="columns" id="features"></div>
    <p class="soft" id="since"></p>
  </main>
</div>
<script>
'use strict';
const at = id => document.getElementById(id);
const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };

function make(tag, attributes = {}, ...children) {
  const svg = ['svg', 'path', 'line'].includes(tag);
  const node = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

// ---- numbers

const none = '–';
function count(n) {
  if (n == null) return none;
  return Math.abs(n) < 1e6 ? Number(n).toLocaleString('en')
    : Number(n).toLocaleString('en', { notation: 'compact', maximumFractionDigits: 2 });
}
const rate = n => n == null ? none : n >= 1000 ? count(Math.round(n)) : String(+n.toPrecision(3));
function share(n) {
  if (n == null) return none;
  const p = n * 100;
  return (p > 0 && p < 0.1 ? '<0.1' : p > 99.9 && p < 100 ? '>99.9' : String(+p.toFixed(p < 10 || p > 90 ? 1 : 0))) + ' %';
}
const time = ms => ms == null ? none : ms >= 10000 ? (ms / 1000).toFixed(0) + ' s' : ms >= 1000 ? (ms / 1000).toFixed(1) + ' s'
  : ms >= 10 ? Math.round(ms) + ' ms' : +ms.toFixed(1) + ' ms';
function bytes(n) {
  if (n == null) return none;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) { n /= 1000; i++; }
  return (i ? +n.toPrecision(3) : Math.round(n)) + ' ' + units[i];
}
function ago(seconds) {
  const s = Math.max(0, Math.round(seconds));
  return s < 60 ? s + ' s' : s < 3600 ? Math.round(s / 60) + ' min' : s < 172800 ? (s / 3600).toFixed(1) + ' h' : Math.round(s / 86400) + ' days';
}
function clock(unix) {
  const date = new Date(unix * 1000);
  const today = date.toDateString() === new Date().toDateString();
  const hour = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  return today ? hour : date.toLocaleDateString([], { month: 'short', day: 'numeric' }) + ' ' + hour;
}

// ---- words

const tone = { excellent: 'good', good: 'good', warning: 'fair', critical: 'bad' };
const sign = { good: '✓', fair: '▲', bad: '✖', idle: '·' };
const sentences = {
  response_time_ms: v => 'slow: 1 in 20 responses takes over ' + time(v),
  cache_hit_ratio: v => 'the cache answers only ' + share(v),
  error_rate: v => share(v) + ' server errors',
  bandwidth_utilization: v => 'the link is ' + share(v) + ' full',
  high_response_time: v => 'a request took ' + time(v),
  server_error: v => count(v) + ' server errors within a minute',
};
const sentence = alert => (sentences[alert.name] || (v => alert.name + ' ' + v))(alert.value);

function trend(s, key, points) {
  const words = [];
  for (const [span, name] of [['hour', 'hour'], ['day', 'day']]) {
    const c = s.trends[span] && s.trends[span][key];
    if (!c || c.now == null || c.before == null) continue;
    const change = points ? (c.now - c.before) * 100 : c.change == null ? null : c.change * 100;
    if (change == null) continue;
    const text = (change > 0 ? '+' : change < 0 ? '−' : '±') + +Math.abs(change).toFixed(Math.abs(change) < 10 ? 1 : 0);
    words.push(text + (points ? ' points' : ' %') + ' on the ' + name + ' before');
  }
  return words.join(' · ');
}

// ---- the verdict

function judge(s) {
  const active = s.alerts.filter(a => !a.ended);
  const critical = active.filter(a => a.severity === 'critical');
  const five = s.windows['5m'];
  const traffic = rate(five.rps) + ' requests a second' + (five.hit_ratio == null ? '' : ', ' + share(five.hit_ratio) + ' from the cache');
  if (critical.length) return ['bad', 'Something is wrong', capital(critical.map(sentence).join('; '))];
  if (active.length) return ['fair', 'Needs a look', capital(distinct(active).map(sentence).join('; '))];
  if (s.score == null) {
    return ['idle', five.requests ? 'Too quiet to judge' : 'No requests yet',
      five.requests + ' requests in five minutes; ratings begin at 20.'];
  }
  const poor = Object.entries(s.ratings).filter(([, r]) => tone[r.rating] === 'fair' || tone[r.rating] === 'bad');
  if (poor.length) return ['fair', 'Could be better', capital(poor.map(([name, r]) => sentences[name](r.value)).join('; '))];
  return ['good', 'All is well', traffic + '.'];
}
const capital = text => text.charAt(0).toUpperCase() + text.slice(1) + '.';
const distinct = alerts => alerts.filter((a, i) => alerts.findIndex(b => b.name === a.name) === i);

function verdict(s) {
  const [mood, headline, why] = judge(s);
  at('verdict').className = 'verdict ' + mood;
  say(at('headline'), headline);
  say(at('why'), why);
  say(at('score'), s.score == null ? none : String(s.score));
  at('ring').setAttribute('aria-label', s.score == null ? 'no score yet' : 'score ' + s.score + ' of 100');
  at('arc').style.display = s.score == null ? 'none' : '';
  at('arc').setAttribute('stroke-dasharray', (s.score || 0) + ' 100');
  document.title = sign[mood] + ' ' + (s.score == null ? '' : s.score + ' · ') + s.node;
  const color = { good: '%2312805c', fair: '%23d29922', bad: '%23d73a31', idle: '%238a93a0' }[mood];
  const icon = 'data:image/svg+xml,<svg xmlns="http:%2f%2fwww.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="' + color + '"/></svg>';
  if (at('icon').href !== icon) at('icon').setAttribute('href', icon);
}

// ---- charts

let range = '5m';
const width = 300, height = 72;

function chart(title, print, options = {}) {
  const area = make('path', { class: 'area' }), curve = make('path', { class: 'curve' });
  const svg = make('svg', { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    make('line', { class: 'base', x1: 0, x2: width, y1: height, y2: height }), area, curve);
  const mark = make('i', { hidden: '' });
  const left = make('span'), middle = make('span'), right = make('span', {}, 'now');
  const node = make('div', { class: 'chart' + (options.red ? ' red' : ''), tabindex: 0, role: 'img' }, svg, mark,
    make('div', { class: 'ends' }, left, middle, right));
  let values = [], step = 1, chosen = null;

  function read() {
    mark.hidden = chosen == null;
    if (chosen == null) { say(middle, top == null ? '' : 'most ' + print(top)); return; }
    mark.style.left = chosen / Math.max(values.length - 1, 1) * 100 + '%';
    const back = (values.length - 1 - chosen) * step;
    say(middle, print(values[chosen]) + (back ? ', ' + ago(back) + ' ago' : ', now'));
  }
  let top = null;
  function choose(index) { chosen = index == null ? null : Math.min(Math.max(index, 0), values.length - 1); read(); }
  node.addEventListener('pointermove', e => {
    const box = svg.getBoundingClientRect();
    choose(Math.round((e.clientX - box.left) / box.width * (values.length - 1)));
  });
  node.addEventListener('pointerleave', () => choose(null));
  node.addEventListener('blur', () => choose(null));
  node.addEventListener('keydown', e => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -30, PageDown: 30 }[e.key];
    if (move) { choose((chosen == null ? values.length : chosen) + move); e.preventDefault(); }
    if (e.key === 'Escape') choose(null);
  });

  return { node, draw(list, seconds) {
    values = list; step = seconds;
    const known = values.filter(v => v != null);
    top = known.length ? Math.max(...known) : null;
    const max = options.max || Math.max(top || 0, options.least || 0) || 1;
    let line = '', fill = '', from = null;
    const x = i => +(i / Math.max(values.length - 1, 1) * width).toFixed(2);
    const y = v => +(height - Math.min(v / max, 1) * (height - 2)).toFixed(2);
    for (let i = 0; i <= values.length; i++) {
      const v = values[i];
      if (v == null) {
        if (from != null) fill += `L${x(i - 1)} ${height}H${x(from)}Z`;
        from = null;
      } else {
        const point = `${from == null ? 'M' : 'L'}${x(i)} ${y(v)}`;
        line += point + (from == null ? 'h.01' : '');
        fill += from == null ? `M${x(i)} ${height}L${x(i)} ${y(v)}` : point;
        if (from == null) from = i;
      }
    }
    curve.setAttribute('d', line); area.setAttribute('d', fill);
    say(left, range === '5m' ? '5 min ago' : '48 h ago');
    node.setAttribute('aria-label', `${title}, ${range === '5m' ? 'five minutes' : 'two days'}: most ${print(top)}, `
      + `now ${print(values[values.length - 1])}. Arrow keys read single values.`);
    read();
  } };
}

function card(title, line, options) {
  const big = make('div', { class: 'big' }), pill = make('span', { class: 'pill' });
  const small = make('div', { class: 'soft' }), change = make('div', { class: 'soft' });
  const drawn = chart(title, options.print, options);
  const node = make('section', { class: 'card' }, make('header', {}, make('h2', {}, title), pill), big, small, drawn.node, change);
  at('cards').append(node);
  return { update(s) {
    const rating = options.rating && s.ratings[options.rating];
    const mood = rating && rating.rating ? tone[rating.rating] : 'idle';
    pill.className = 'pill ' + mood;
    say(pill, rating && rating.rating ? sign[mood] + ' ' + rating.rating : '');
    const [value, unit, detail] = options.read(s);
    if (big.dataset.text !== value + unit) {
      big.dataset.text = value + unit;
      big.replaceChildren(value, make('small', {}, ' ' + unit));
    }
    say(small, detail);
    const words = options.trend ? trend(s, options.trend, options.points) : '';
    change.hidden = !words;
    say(change, words);
    const series = s.series[range];
    drawn.draw(series[line], series.step);
    node.hidden = !!options.hide && options.hide(s);
  } };
}

const five = s => s.windows['5m'];
const cards = [
  card('Latency', 'p95_ms', { print: time, rating: 'response_time_ms', trend: 'p95_ms', least: 5,
    read: s => [time(five(s).p95_ms), 'for 95 %', `median ${time(five(s).p50_ms)} · p99 ${time(five(s).p99_ms)}`] }),
  card('Cache hits', 'hit_ratio', { print: share, rating: 'cache_hit_ratio', trend: 'hit_ratio', points: true, max: 1,
    read: s => [share(five(s).hit_ratio), 'hits', share(five(s).origin_share) + ' asked an origin'] }),
  card('Errors', 'errors', { print: count, rating: 'error_rate', red: true, least: 4,
    read: s => [share(five(s).error_rate), 'are 5xx', `${count(s.series['5m'].errors.reduce((a, b) => a + b, 0))} in five minutes`] }),
  card('Traffic', 'rps', { print: v => rate(v) + ' /s', rating: 'bandwidth_utilization', trend: 'rps', least: 1,
    read: s => [rate(five(s).rps), 'requests a second', bytes(five(s).bytes_sent / Math.max(five(s).seconds, 1)) + '/s to clients · '
      + (five(s).bytes_sent ? share(five(s).bytes_saved / five(s).bytes_sent) : none) + ' saved'] }),
  card('Pictures made', 'transforms', { print: count, least: 4,
    read: s => [count(five(s).transforms), 'in five minutes', count(s.windows['24h'].transforms) + ' in 24 hours'],
    hide: s => !Object.keys(s.images.transforms).length }),
];

// ---- lists and tables

function table(id, head, rows, hide = true) {
  const section = at(id).closest('section');
  section.hidden = hide && !rows.length;
  const cell = (tag, text, i) => make(tag, tag === 'th' && i >= 0 ? { scope: 'col' } : {}, text);
  at(id).replaceChildren(make('thead', {}, make('tr', {}, ...head.map((text, i) => cell('th', text, i)))),
    make('tbody', {}, ...rows.map(row => make('tr', {}, ...row.map(text => cell('td', text, -1))))));
}

function item(mood, title, detail, code) {
  const node = make('div', { class: 'item' }, make('b', { class: mood || '' }, title));
  if (detail) node.append(make('div', { class: 'soft' }, ...detail.split('`').map((part, i) => i % 2 ? make('code', {}, part) : part)));
  if (code) node.append(make('code', {}, code));
  return node;
}

function bar(name, part, text) {
  const fill = make('i');
  fill.style.width = Math.min(part * 100, 100) + '%';
  return make('div', { class: 'bar' }, make('span', {}, name), make('span', {}, fill), make('span', {}, text));
}

// What a feature counts, whatever its shape: {"a": {"b": 3}} is "a b", 3.
function flat(value, path = []) {
  if (value == null || typeof value !== 'object') return [[path.join(' ').replaceAll('_', ' '), value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, [...path, key]));
}

const answered = ['hit', 'stale', 'updating', 'revalidated'];
function hits(statuses) {
  const sum = list => list.reduce((all, [, n]) => all + n, 0);
  const all = Object.entries(statuses).filter(([name]) => name !== 'none' && name !== 'bypass');
  return all.length ? sum(all.filter(([name]) => answered.includes(name))) / sum(all) : null;
}

// Of each warm-up: its run now, or its last, and when the next is due.
function warm(s) {
  return Object.fromEntries(Object.entries(s.warm).map(([name, w]) => [name, { state: w.state,
    ...(w.due ? { due: clock(w.due), done: `${count(w.done)} of ${count(w.total)}`, failed: w.failed, received: bytes(w.bytes),
      took: w.duration == null ? none : ago(w.duration) } : {}),
    ...(w.state === 'running' ? { 'at once': w.at_once } : {}), next: w.next ? clock(w.next) : none }]));
}

function tables(s) {
  const w = s.windows;
  const row = (name, of) => [name, ...Object.keys(w).map(key => of(w[key]))];
  table('windows', ['', ...Object.keys(w).map(key => ({ '5m': '5 min', '1h': '1 hour', '24h': '24 hours' }[key] || key)), 'since start'], [
    [...row('requests', x => count(x.requests)), count(s.requests.total)],
    [...row('hit ratio', x => share(x.hit_ratio)), share(hits(s.requests.by_status))],
    [...row('server errors', x => share(x.error_rate)), share(s.requests.total ? (s.requests.by_class['5xx'] || 0) / s.requests.total : null)],
    [...row('median', x => time(x.p50_ms)), time(s.latency_ms.p50)],
    [...row('95 %', x => time(x.p95_ms)), time(s.latency_ms.p95)],
    [...row('99 %', x => time(x.p99_ms)), time(s.latency_ms.p99)],
    [...row('bytes sent', x => bytes(x.bytes_sent)), bytes(s.bytes.sent)],
    [...row('bytes saved', x => bytes(x.bytes_saved)), bytes(s.bytes.saved)],
  ]);
  const named = list => list.slice(0, 10).map(o => [o.url, (o.error ? '≤ ' : '') + count(o.requests)]);
  table('objects', ['object', 'requests'], named(s.top.objects));
  table('misses', ['object', 'misses'], named(s.top.misses));

  const most = ([, a], [, b]) => b.requests - a.requests;
  table('profiles', ['profile', 'requests', 'hits', 'sent'], Object.entries(s.requests.by_profile).sort(most)
    .map(([name, p]) => [name, count(p.requests), share(p.hit_ratio), bytes(p.bytes)]));
  table('regions', ['region', 'requests', 'hits', 'mean'], Object.entries(s.requests.by_region).sort(most)
    .map(([name, r]) => [name, count(r.requests), share(r.hit_ratio), time(r.mean_ms)]));
  table('content', ['kind', 'requests', 'hits'], Object.entries(s.requests.by_content).sort(most)
    .map(([name, c]) => [name, count(c.requests), share(c.hit_ratio)]));
  table('classes', ['class', 'responses'], Object.entries(s.requests.by_class).map(([name, n]) => [name, count(n)]));

  const misses = Object.entries(w['24h'].by_reason).filter(([name]) => !answered.includes(name)).sort((a, b) => b[1] - a[1]);
  const all = misses.reduce((sum, [, n]) => sum + n, 0);
  at('reasons').closest('section').hidden = !all;
  at('reasons').replaceChildren(...misses.map(([name, n]) => bar(name, n / all, share(n / all))));

  const caches = Object.entries(s.cache);
  at('caches').closest('section').hidden = !caches.length;
  at('caches').replaceChildren(...caches.map(([name, c]) =>
    bar(name, c.max ? c.size / c.max : 0, bytes(c.size) + (c.max ? ' of ' + bytes(c.max) : ''))));

  const features = { 'Image URLs': s.images.requests, 'Pictures': s.images.transforms, 'Signatures': s.signatures,
    'Purges': s.purges, 'Redis': s.redis, 'Schedules': s.schedules, 'Warm-up': warm(s) };
  at('features').replaceChildren(...Object.entries(features).filter(([, of]) => of && Object.keys(of).length).map(([title, of]) => {
    const body = make('tbody', {}, ...flat(of).map(([name, value]) => make('tr', {}, make('td', {}, name),
      make('td', {}, typeof value === 'number' ? count(value) : String(value ?? none)))));
    return make('section', { class: 'card' }, make('h2', {}, title), make('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title }, make('table', {}, body)));
  }));
}

function alerts(s) {
  const active = s.alerts.filter(a => !a.ended);
  const shown = active.filter(a => a.severity === 'critical' || !active.some(b => b.name === a.name && b.severity === 'critical'));
  const ended = s.alerts.filter(a => a.ended);
  at('alerts').hidden = !s.alerts.length;
  at('active').replaceChildren(...shown.map(a => {
    const mood = a.severity === 'critical' ? 'bad' : 'fair';
    return item(mood, sign[mood] + ' ' + capital(sentence(a)).slice(0, -1), `${a.severity} since ${clock(a.since)}, ${ago(s.now - a.since)}`);
  }));
  at('past').hidden = !ended.length;
  say(at('past_title'), ended.length + (ended.length === 1 ? ' alert is over' : ' alerts are over'));
  at('ended').replaceChildren(...ended.map(a =>
    item('', capital(sentence(a)).slice(0, -1), `${a.severity} from ${clock(a.since)} to ${clock(a.ended)}, ${ago(a.ended - a.since)}`)));
}

function advice(s) {
  at('advice').hidden = !s.recommendations.length;
  at('recommendations').replaceChildren(...s.recommendations.map(r => item('', r.text, r.reason, r.directive)));
}

// ---- each second

let shown = null, last = 0, asking = false;

function show(s) {
  shown = s;
  say(at('node'), s.node);
  verdict(s);
  alerts(s);
  for (const one of cards) one.update(s);
  advice(s);
  // what has a scroll position or a selection stays while somebody is at it
  if (!String(getSelection())) tables(s);
  say(at('since'), `Counting since ${new Date(s.started * 1000).toLocaleString()}, ${ago(s.now - s.started)}. `
    + 'Objects are those of today and yesterday (UTC); “≤” marks a count that may be too high.');
}

async function update() {
  if (asking || document.hidden) return;
  asking = true;
  try {
    const answer = await fetch('?format=json&series=1', { cache: 'no-store' });
    if (!answer.ok) throw new Error('status ' + answer.status);
    show(await answer.json());
    last = Date.now();
    at('all').classList.remove('stale');
    say(at('state'), 'live');
  } catch (error) {
    at('all').classList.add('stale');
    if (!last) say(at('headline'), 'No answer');
    say(at('state'), (last ? 'no answer for ' + ago((Date.now() - last) / 1000) : 'no answer') + ': ' + error.message);
  }
  asking = false;
}

for (const [id, name] of [['short', '5m'], ['long', '48h']]) {
  at(id).addEventListener('click', () => {
    range = name;
    at('short').setAttribute('aria-pressed', String(name === '5m'));
    at('long').setAttribute('aria-pressed', String(name === '48h'));
    if (shown) for (const one of cards) one.update(shown);
  });
}
if (location.hash === '#48h') at('long').click();
document.addEventListener('visibilitychange', update);
update();
setInterval(update, 1000);
</script>
</body>
</html>
)html";
}

}  // namespace cdn::status

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
<style>
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
header { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .5rem 1rem; align-items: baseline; }
h1 { font-size: 1.25rem; margin: 0; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
#state { opacity: .7; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1rem; margin-top: 1rem; }
section { border: 1px solid #8885; border-radius: .5rem; padding: .75rem 1rem; }
table { border-collapse: collapse; width: 100%; }
td { padding: .15rem 0; border-top: 1px solid #8883; }
tr:first-child td { border-top: 0; }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; }
.big { font-size: 2rem; font-variant-numeric: tabular-nums; }
</style>
</head>
<body>
<header><h1>ngx_cdn <span id="node"></span></h1><span id="state">loading</span></header>
<main>
<section><h2>Requests</h2><div class="big" id="total">0</div><table id="by_status"></table></section>
<section><h2>Responses</h2><table id="by_class"></table></section>
<section><h2>Images made</h2><table id="transforms"></table></section>
<section><h2>Bytes</h2><table id="bytes"></table></section>
</main>
<script>
const at = id => document.getElementById(id);
const number = n => Number(n).toLocaleString('en');
function bytes(n) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  while (n >= 1024 && i < 4) { n /= 1024; i++; }
  return (i ? n.toFixed(1) : n) + ' ' + units[i];
}
function rows(id, list) {
  at(id).replaceChildren(...list.map(([name, value]) => {
    const row = document.createElement('tr');
    for (const text of [name, value]) {
      const cell = document.createElement('td');
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }));
}
async function update() {
  try {
    const answer = await fetch('?format=json', { cache: 'no-store' });
    const s = await answer.json();
    at('node').textContent = s.node;
    at('total').textContent = number(s.requests.total);
    const plain = o => Object.entries(o).map(([k, v]) => [k, number(v)]);
    rows('by_status', plain(s.requests.by_status));
    rows('by_class', plain(s.requests.by_class));
    rows('transforms', Object.entries(s.images.transforms).flatMap(([format, outcomes]) =>
      Object.entries(outcomes).map(([outcome, n]) => [format + ' ' + outcome.replace('_', ' '), number(n)])));
    rows('bytes', [['sent to clients', bytes(s.bytes.sent)],
      ['image sources read', bytes(s.images.bytes.in || 0)], ['images made', bytes(s.images.bytes.out || 0)]]);
    at('state').textContent = 'since ' + new Date(s.started * 1000).toLocaleString();
  } catch (error) {
    at('state').textContent = 'no answer: ' + error.message;
  }
}
update();
setInterval(update, 1000);
</script>
</body>
</html>
)html";
}

}  // namespace cdn::status

'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const { hosts, groups, checks, statuses, words } = data;
  const $ = id => document.getElementById(id);
  const make = (tag, props, ...children) => { // what hosts printed is put in as text, never as HTML
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };
  const plural = (n, what) => n.toLocaleString('en') + ' ' + what + (n === 1 ? '' : 's');
  const seconds = s => s === null ? '' : s < 1 ? Math.round(s * 1000) + ' ms' : s < 59.95 ? s.toFixed(1) + ' s' : Math.floor(Math.round(s) / 60) + ' m ' + Math.round(s) % 60 + ' s';
  const outcomes = ['fail', 'error', 'not-evaluated', 'waived', 'skip', 'pass'];
  const glyphs = { fail: '✗', error: '!', 'not-evaluated': '?', waived: 'w', skip: '–', pass: '✓' };

  const ruler = document.createElement('canvas').getContext('2d');
  ruler.font = '600 15px system-ui';

  // Columns: what is shown, and what it is sorted by. They are as wide as what is in them, within reason.
  const number = text => text !== '' && !isNaN(text) ? Number(text) : text;
  const column = (name, text, sort) => {
    let longest = name + ' ▾', numbers = true;
    for (const h of hosts) {
      const t = text(h);
      if (t.length > longest.length) longest = t;
      numbers = numbers && (t === '' || !isNaN(t));
    }
    return { name, text, sort: sort || (h => number(text(h))), numbers, width: Math.min(340, Math.ceil(ruler.measureText(longest).width) + 30) };
  };
  const columns = [
    column('host', h => h.name, h => h.name),
    Object.assign(column('status', h => h.how, h => statuses.indexOf(h.status)), { mark: true }),
    ...(hosts.some(h => h.exit) ? [column('exit', h => h.exit === undefined ? '' : String(h.exit))] : []),
    Object.assign(column('took', h => seconds(h.took), h => h.took ?? -1), { numbers: true }),
    ...data.vars.map((name, i) => column(name, h => h.vars ? h.vars[i] : '')),
    ...checks.map((name, i) => ({ name, check: i, sort: h => h.checks[i] ? outcomes.indexOf(h.checks[i][0]) : -1 })),
    ...data.columns.map((name, i) => column(name, h => h.said ? h.said[i] : '')),
  ];
  columns[1].width += 16;
  if (hosts.some(h => h.error)) columns.push(column('error', h => h.error || ''));

  // The table: the hosts that were found, in their order, and the one that the keyboard is at.
  let order = { column: -1, down: false }, only = new Set(), check = -1, found = hosts, at = 0;
  const height = 32, table = $('table'), rows = $('rows');
  table.setAttribute('aria-colcount', columns.length);
  let first = 0, last = 0; // of those that are drawn
  const draw = () => {
    rows.style.height = found.length * height + 'px';
    const top = Math.floor(table.scrollTop / height);
    show(Math.max(0, top - 15), top + Math.ceil(table.clientHeight / height) + 15);
  };
  const scrolled = () => { // what is drawn reaches beyond what is in sight, and is enough for a while
    const top = Math.floor(table.scrollTop / height);
    if (top < first || top + Math.ceil(table.clientHeight / height) > last) draw();
  };
  const show = (from, to) => {
    [first, last] = [from, to];
    rows.replaceChildren(...found.slice(from, to).map((h, i) => row(h, from + i)));
    table.setAttribute('aria-activedescendant', 'row' + at);
  };
  const row = (h, i) => {
    const e = make('div', { className: 'row', id: 'row' + i, role: 'row', onclick: () => open(i) }, ...columns.map(c => cell(c, h)));
    e.style.top = i * height + 'px';
    e.setAttribute('aria-rowindex', i + 2);
    e.setAttribute('aria-selected', i === at);
    return e;
  };
  const cell = (c, h) => {
    const e = document.createElement('div');
    e.role = 'gridcell';
    if (c.check !== undefined) {
      e.className = 'check ' + verdict(c, h)[0];
      e.textContent = glyphs[verdict(c, h)[0]];
      return e;
    }
    e.className = c.numbers ? 'cell n' : 'cell';
    e.style.width = c.width + 'px';
    e.append(c.mark ? make('span', { className: 'mark ' + h.status, textContent: c.text(h) }) : c.text(h));
    return e;
  };
  const verdict = (c, h) => h.checks[c.check] || ['not-evaluated', ''];
  rows.addEventListener('mouseover', e => { // what a cell has no room for
    const cell = e.target.closest('[role=gridcell]'), c = cell && columns[[...cell.parentNode.children].indexOf(cell)];
    if (!cell || cell.title) return;
    const h = found[Number(cell.parentNode.id.slice(3))];
    cell.title = c.check === undefined ? c.text(h) : [c.name + ': ' + verdict(c, h)[0], verdict(c, h)[1]].filter(t => t).join(' · ');
  });
  const heads = columns.map((c, i) => {
    const b = make('button', { type: 'button', title: c.name, className: c.check !== undefined ? 'check' : c.numbers ? 'n' : '', onclick: () => { order = { column: i, down: order.column === i && !order.down }; update(); } });
    if (c.width) b.style.width = c.width + 'px';
    b.setAttribute('role', 'columnheader');
    return b;
  });
  $('head').append(...heads);

  const texts = hosts.map(h => (h.name + ' ' + h.how + ' ' + (h.error || '') + ' ' + (h.vars || []).join(' ')).toLowerCase());
  const printed = groups.map(g => (g.out + ' ' + g.err).toLowerCase());
  const failed = (h, i) => h.checks[i] && h.checks[i][0] !== 'pass' && h.checks[i][0] !== 'skip';
  const update = () => {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(w => w);
    found = hosts.filter((h, i) => (!only.size || only.has(h.status)) && (check < 0 || failed(h, check)) &&
      words.every(w => texts[i].includes(w) || (h.group >= 0 && printed[h.group].includes(w))));
    if (order.column >= 0) {
      const compare = new Intl.Collator('en', { numeric: true }).compare;
      const keyed = found.map(h => [columns[order.column].sort(h), h]);
      keyed.sort(([a], [b]) => typeof a === 'number' && typeof b === 'number' ? a - b : compare(a, b));
      found = keyed.map(k => k[1]);
      if (order.down) found.reverse();
    }
    heads.forEach((b, i) => {
      const sorted = order.column === i;
      b.textContent = columns[i].name + (sorted ? (order.down ? ' ▾' : ' ▴') : '');
      b.ariaSort = sorted ? (order.down ? 'descending' : 'ascending') : 'none';
    });
    $('shown').textContent = found.length === hosts.length ? plural(hosts.length, 'host') : found.length.toLocaleString('en') + ' of ' + plural(hosts.length, 'host');
    $('none').hidden = found.length > 0;
    table.setAttribute('aria-rowcount', found.length + 1);
    at = Math.min(at, Math.max(0, found.length - 1));
    table.scrollTop = 0;
    draw();
  };
  table.addEventListener('scroll', () => requestAnimationFrame(scrolled), { passive: true });
  addEventListener('resize', draw);
  const mostPrinted = 2000;
  addEventListener('beforeprint', () => {
    show(0, mostPrinted);
    $('unprinted').textContent = found.length > mostPrinted ? 'The other ' + plural(found.length - mostPrinted, 'host') + ' are not printed.' : '';
  });
  addEventListener('afterprint', draw);
  $('search').addEventListener('input', update);

  const filter = (className, text, toggle) => {
    const b = make('button', { type: 'button', className, textContent: text, onclick: () => { b.ariaPressed = toggle(); update(); } });
    b.ariaPressed = false;
    $('filters').append(b);
    return b;
  };
  for (const [i, s] of statuses.entries()) {
    const n = hosts.filter(h => h.status === s).length;
    if (n) filter(s, words[i] + ' ' + n.toLocaleString('en'), () => only.delete(s) ? false : !!only.add(s));
  }
  let chip;
  for (const b of document.querySelectorAll('[data-check]')) b.addEventListener('click', () => {
    if (chip) chip.remove();
    check = Number(b.dataset.check);
    chip = filter('bad', checks[check] + ' did not pass  ×', () => { check = -1; chip.remove(); return false; });
    chip.ariaPressed = true;
    update();
    $('search').scrollIntoView({ block: 'start' });
  });

  // A host, beside the page.
  const detail = $('detail');
  const output = (name, text, isDiff) => {
    if (!text) return [];
    const pre = make('pre', { tabIndex: 0 });
    if (isDiff) pre.append(...text.replace(/\n$/, '').split('\n').map(line => make('span', { className: line[0] === '+' ? 'add' : line[0] === '-' ? 'del' : '', textContent: line || ' ' })));
    else pre.textContent = text;
    return [make('h4', { textContent: name }), pre];
  };
  const facts = pairs => make('dl', {}, ...pairs.filter(([, v]) => v).flatMap(([k, v]) => [make('dt', { textContent: k }), make('dd', {}, v)]));
  const open = i => {
    at = i;
    draw();
    const h = found[i], g = h.group >= 0 ? groups[h.group] : { out: '', err: '' };
    const step = (text, to) => make('button', { type: 'button', textContent: text, disabled: !found[to], onclick: () => open(to) });
    detail.replaceChildren(
      make('div', { className: 'title' }, make('h3', { textContent: h.name }), step('‹ previous', i - 1), step('next ›', i + 1), make('button', { type: 'button', textContent: 'close', onclick: () => detail.close() })),
      facts([['status', make('span', { className: 'mark ' + h.status, textContent: h.how })], ['error', h.error], ['took', seconds(h.took)], ['attempts', h.attempt > 1 ? String(h.attempt) : ''], ['server', h.server],
        ...data.vars.map((v, k) => [v, h.vars && h.vars[k]]), ...data.columns.map((c, k) => [c, h.said && h.said[k]]), ...Object.entries(h.notes || {})]),
      ...(h.checks.length ? [make('h4', { textContent: 'checks' }), make('table', {}, make('tbody', {}, ...h.checks.map((v, k) => make('tr', {}, make('td', {}, make('span', { className: 'mark ' + v[0], textContent: v[0] })), make('td', { textContent: checks[k] }), make('td', { textContent: v[1] || '' })))))] : output('stdout', g.out, data.kind === 'push')),
      ...output('stderr', g.err),
      make('h4', { textContent: h.group === -2 ? 'its output is only in the record' : 'the whole log, with times' }), make('code', { textContent: 'hail logs ' + (h.run || data.run) + ' -w ' + (/^[\w.-]+$/.test(h.name) ? h.name : "'" + h.name + "'") }));
    detail.ariaLabel = h.name;
    detail.scrollTop = 0;
    if (!detail.open) detail.showModal();
  };
  detail.addEventListener('click', e => { if (e.target === detail) detail.close(); });
  detail.addEventListener('close', () => table.focus());
  table.addEventListener('keydown', e => {
    if (e.target !== table) return;
    const page = Math.max(1, Math.floor(table.clientHeight / height) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -found.length, End: found.length }[e.key];
    if (step) {
      e.preventDefault();
      at = Math.max(0, Math.min(found.length - 1, at + step));
      const top = at * height, room = table.clientHeight - $('head').clientHeight - 2 * height;
      table.scrollTop = Math.min(top, Math.max(table.scrollTop, top - room));
      draw();
    } else if (e.key === 'Enter' && found[at]) {
      e.preventDefault();
      open(at);
    }
  });
  addEventListener('keydown', e => {
    if (e.key === '/' && !detail.open && e.target !== $('search')) {
      e.preventDefault();
      $('search').focus();
    }
  });

  // Groups are built when they are opened, and some at a time.
  const some = 25;
  let told = 0;
  const more = make('button', { type: 'button', className: 'more', onclick: () => tell() });
  const tell = () => {
    more.remove();
    for (const g of groups.slice(told, told + some)) {
      const first = checks.length ? '' : (g.out || g.err).split('\n', 1)[0].slice(0, 200);
      const d = make('details', {}, make('summary', {}, make('span', { className: 'mark ' + g.status, textContent: g.how }), make('span', { className: 'n', textContent: plural(g.count, 'host') }),
        make('span', { className: 'names', textContent: g.hosts }), make('code', { className: 'peek quiet', textContent: first })));
      d.addEventListener('toggle', () => { if (d.open && d.children.length === 1) d.append(...output('what differs from the largest group', g.diff, true), ...output('stdout', g.out, data.kind === 'push'), ...output('stderr', g.err)); });
      $('groups').append(d);
    }
    told = Math.min(told + some, groups.length);
    more.textContent = plural(groups.length - told, 'more group');
    if (told < groups.length) $('groups').append(more);
  };
  tell();
  if (!groups.length) $('groups').append(make('p', { className: 'quiet', textContent: 'No host printed anything.' }));
  update();
})();

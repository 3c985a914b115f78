'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const make = (tag, props, ...children) => {
    const e = Object.assign(document.createElement(tag), props);
    e.append(...children);
    return e;
  };
  const { hosts, groups, checks, statuses } = data;
  const seconds = s => s === null ? '' : s < 1 ? Math.round(s * 1000) + ' ms' : s < 60 ? s.toFixed(1) + ' s' : Math.floor(s / 60) + ' m ' + Math.round(s % 60) + ' s';

  // Columns: what is shown, how wide, and what it is sorted by.
  const columns = [
    { name: 'host', width: 220, text: h => h.name },
    { name: 'status', width: 190, text: h => h.how, sort: h => statuses.indexOf(h.status), mark: true },
    { name: 'exit', width: 70, text: h => h.exit === undefined ? '' : String(h.exit), sort: h => h.exit ?? -1 },
    { name: 'took', width: 90, text: h => seconds(h.took), sort: h => h.took ?? -1 },
    ...data.vars.map((name, i) => ({ name, width: 120, text: h => h.vars ? h.vars[i] : '', sort: h => { const v = h.vars ? h.vars[i] : '', n = Number(v); return v !== '' && !isNaN(n) ? n : v; } })),
    ...data.columns.map((name, i) => ({ name, width: 140, text: h => h.said ? h.said[i] : '', sort: h => { const v = h.said ? h.said[i] : '', n = Number(v); return v !== '' && !isNaN(n) ? n : v; } })),
  ];
  if (checks.length) columns.push({ name: 'checks', width: 24 + 15 * checks.length, squares: true, sort: h => h.checks.filter(c => c[0] === 'fail' || c[0] === 'error').length, text: () => '' });
  columns.push({ name: 'error', width: 420, text: h => h.error || '' });

  let order = { column: -1, down: false }, only = new Set(), check = -1, found = hosts, at = 0;
  const texts = hosts.map(h => (h.name + ' ' + h.how + ' ' + (h.error || '') + ' ' + (h.vars || []).join(' ')).toLowerCase());
  const printed = groups.map(g => (g.out + ' ' + g.err).toLowerCase());

  const height = 30, table = $('table'), rows = $('rows');
  let drawn = [];
  const draw = () => {
    const first = Math.max(0, Math.floor(table.scrollTop / height) - 10);
    const last = Math.min(found.length, first + Math.ceil(table.clientHeight / height) + 20);
    rows.style.height = found.length * height + 'px';
    drawn = [];
    for (let i = first; i < last; i++) drawn.push(row(found[i], i));
    rows.replaceChildren(...drawn);
  };
  const row = (h, i) => {
    const e = make('div', { className: 'row', onclick: () => { at = i; open(h); draw(); } });
    e.style.top = i * height + 'px';
    e.setAttribute('role', 'row');
    e.setAttribute('aria-selected', i === at);
    for (const c of columns) {
      const cell = c.squares ? make('div', { className: 'squares' }, ...h.checks.map((v, k) => make('i', { className: v[0], title: checks[k] + ': ' + v[0] + (v[1] ? ' · ' + v[1] : '') })))
        : make('div', { className: 'cell' + (c.mark ? ' mark ' + h.status : ''), textContent: c.text(h), title: c.text(h) });
      cell.style.width = c.width + 'px';
      cell.setAttribute('role', 'gridcell');
      e.append(cell);
    }
    return e;
  };
  const heads = columns.map((c, i) => {
    const b = make('button', { type: 'button', textContent: c.name, onclick: () => { order = { column: i, down: order.column === i && !order.down }; update(); } });
    b.style.width = c.width + 'px';
    return b;
  });
  $('head').append(...heads);
  const update = () => {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(w => w);
    found = hosts.filter((h, i) => (!only.size || only.has(h.status)) && (check < 0 || (h.checks[check] && h.checks[check][0] !== 'pass' && h.checks[check][0] !== 'skip')) &&
      words.every(w => texts[i].includes(w) || (h.group >= 0 && printed[h.group].includes(w))));
    if (order.column >= 0) {
      const by = columns[order.column].sort || columns[order.column].text;
      const keyed = found.map(h => [by(h), h]);
      keyed.sort((a, b) => typeof a[0] === 'number' && typeof b[0] === 'number' ? a[0] - b[0] : String(a[0]).localeCompare(String(b[0]), undefined, { numeric: true }));
      found = keyed.map(k => k[1]);
      if (order.down) found.reverse();
    }
    heads.forEach((b, i) => { b.textContent = columns[i].name + (order.column === i ? (order.down ? ' ▾' : ' ▴') : ''); });
    $('shown').textContent = found.length === hosts.length ? hosts.length + ' hosts' : found.length + ' of ' + hosts.length + ' hosts' + (check >= 0 ? ' where ' + checks[check] + ' did not pass' : '');
    at = Math.min(at, Math.max(0, found.length - 1));
    table.scrollTop = 0;
    draw();
  };
  table.addEventListener('scroll', () => requestAnimationFrame(draw), { passive: true });
  addEventListener('resize', draw);
  $('search').addEventListener('input', update);

  for (const s of statuses) {
    const n = hosts.filter(h => h.status === s).length;
    if (!n) continue;
    const b = make('button', { type: 'button', className: s, textContent: s + ' ' + n, onclick: () => { only.has(s) ? only.delete(s) : only.add(s); b.setAttribute('aria-pressed', only.has(s)); update(); } });
    b.setAttribute('aria-pressed', false);
    $('filters').append(b);
  }
  for (const b of document.querySelectorAll('[data-check]')) b.addEventListener('click', () => { const i = Number(b.dataset.check); check = check === i ? -1 : i; update(); table.scrollIntoView({ block: 'center' }); });

  // Output is put in as text, never as HTML.
  const output = (name, text, isDiff) => {
    if (!text) return [];
    const pre = make('pre');
    if (isDiff) for (const line of text.split(/(?<=\n)/)) pre.append(make('span', { className: line[0] === '+' ? 'add' : line[0] === '-' ? 'del' : '', textContent: line }));
    else pre.textContent = text;
    return [make('div', { className: 'quiet', textContent: name }), pre];
  };
  const open = h => {
    const facts = make('dl');
    const fact = (k, v) => { if (v) facts.append(make('dt', { textContent: k }), make('dd', { textContent: v })); };
    fact('status', h.how); fact('error', h.error); fact('took', seconds(h.took)); fact('attempts', h.attempt > 1 ? String(h.attempt) : ''); fact('server', h.server);
    data.vars.forEach((v, i) => fact(v, h.vars && h.vars[i]));
    for (const [k, v] of Object.entries(h.notes || {})) fact(k, v);
    const g = h.group >= 0 ? groups[h.group] : { out: '', err: '' };
    const list = h.checks.length ? [make('table', {}, make('tbody', {}, ...h.checks.map((v, k) => make('tr', {}, make('td', {}, make('span', { className: 'mark ' + v[0], textContent: v[0] })), make('td', { textContent: checks[k] }), make('td', { textContent: v[1] || '' })))))] : [];
    $('detail').replaceChildren(make('h3', { textContent: h.name }), facts, ...list, ...output('stdout', g.out), ...output('stderr', g.err));
    $('detail').hidden = false;
  };
  const close = () => { $('detail').hidden = true; table.focus(); };
  table.addEventListener('keydown', e => {
    const page = Math.floor(table.clientHeight / height) - 2;
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -found.length, End: found.length }[e.key];
    if (step && e.target === table) {
      e.preventDefault();
      at = Math.max(0, Math.min(found.length - 1, at + step));
      const top = at * height;
      if (top < table.scrollTop) table.scrollTop = top;
      if (top > table.scrollTop + table.clientHeight - 3 * height) table.scrollTop = top - table.clientHeight + 3 * height;
      draw();
    } else if (e.key === 'Enter' && e.target === table && found[at]) {
      open(found[at]);
      $('detail').focus();
    }
  });
  addEventListener('keydown', e => {
    if (e.key === '/' && e.target !== $('search')) { e.preventDefault(); $('search').focus(); }
    if (e.key === 'Escape' && !$('detail').hidden) close();
  });

  // Groups are built when they are opened, and some at a time.
  let told = 0;
  const more = make('button', { type: 'button', className: 'more', textContent: 'more groups', onclick: () => tell() });
  const tell = () => {
    more.remove();
    for (const g of groups.slice(told, told + 50)) {
      const d = make('details', {}, make('summary', {}, make('span', { className: 'mark ' + g.status, textContent: g.how + ' ' }), g.count > 1 ? g.count + ' hosts' : '', make('div', { className: 'fold', textContent: g.hosts })));
      d.addEventListener('toggle', () => { if (d.open && d.children.length === 1) d.append(...output('stdout', g.out), ...output('stderr', g.err), ...output('what differs from the largest group', g.diff, true)); });
      $('groups').append(d);
    }
    told += 50;
    if (told < groups.length) $('groups').append(more);
  };
  tell();
  update();
})();

// The vendors' official clients, unmodified, against the simulator: list, read, reply, update. Each
// step checks what came back and, at the end, the simulator's own truth.
'use strict';
const assert = require('node:assert');
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const load = createRequire(process.argv[2] + '/package.json');
const base = process.argv[3];
const only = process.argv[4] || '';

const truth = async (desk, id) => (await fetch(`${base}/sim/tickets/${desk}/${id}`)).json();
const said = (ticket, text) => ticket.history.some((e) => `${e.body} ${e.html_body}`.includes(text));

async function zendesk() {
  const { createClient } = load('node-zendesk');
  const client = createClient({
    token: 'test', oauth: true, subdomain: 'sim', endpointUri: `${base}/api/v2`,
  });
  const list = await client.tickets.list();
  assert.ok(list.length >= 2, 'list');
  const { result: ticket } = await client.tickets.show(1);
  assert.equal(Number((ticket.ticket || ticket).id), 1);
  const comments = await client.tickets.getComments(1);
  assert.ok(comments.length >= 1, 'comments');
  await client.tickets.update(1, {
    ticket: { comment: { body: 'A reply by node-zendesk', public: true }, priority: 'high' },
  });
  const now = await truth('zendesk', 1);
  assert.equal(now.priority, 'high');
  assert.ok(said(now, 'A reply by node-zendesk'), 'reply');
}

async function salesforce() {
  const jsforce = load('jsforce');
  const connection = new jsforce.Connection({ instanceUrl: base, loginUrl: base, version: '62.0' });
  await connection.authorize({ grant_type: 'client_credentials', client_id: 'test', client_secret: 'test' });
  const { records } = await connection.query('SELECT Id, CaseNumber, Subject, Status FROM Case ORDER BY CaseNumber');
  assert.ok(records.length >= 2, 'list');
  const id = records[0].Id;
  const one = await connection.sobject('Case').retrieve(id);
  assert.equal(one.Id, id);
  const made = await connection.sobject('CaseComment').create({
    ParentId: id, CommentBody: 'A reply by jsforce', IsPublished: true,
  });
  assert.ok(made.success, 'reply');
  const done = await connection.sobject('Case').update({ Id: id, Priority: 'High' });
  assert.ok(done.success, 'update');
  assert.equal((await connection.sobject('Case').retrieve(id)).Priority, 'High');
  const back = await connection.query(`SELECT CommentBody FROM CaseComment WHERE ParentId = '${id}'`);
  assert.ok(back.records.some((r) => r.CommentBody === 'A reply by jsforce'), 'the reply is there');
}

async function intercom() {
  const { IntercomClient } = load('intercom-client');
  const client = new IntercomClient({ token: 'test', environment: base });
  const list = [];
  for await (const c of await client.conversations.list({ per_page: 2 })) list.push(c);
  assert.ok(list.length >= 2, 'list');
  const id = list[0].id;
  const one = await client.conversations.find({ conversation_id: id });
  assert.equal(one.id, id);
  const admins = await client.admins.list();
  const admin = admins.admins[0].id;
  await client.conversations.reply({
    conversation_id: id,
    body: { message_type: 'comment', type: 'admin', admin_id: admin, body: '<p>A reply by intercom-client</p>' },
  });
  await client.conversations.update({ conversation_id: id, custom_attributes: { Topic: 'billing' } });
  const again = await client.conversations.find({ conversation_id: id });
  assert.equal(again.custom_attributes.Topic, 'billing');
  const parts = again.conversation_parts.conversation_parts;
  assert.ok(parts.some((p) => (p.body || '').includes('A reply by intercom-client')), 'reply');
}

(async () => {
  let failed = 0;
  let passed = 0;
  for (const [name, run] of [['node-zendesk', zendesk], ['jsforce', salesforce], ['intercom-client', intercom]]) {
    if (!name.includes(only)) continue;
    const { version } = JSON.parse(readFileSync(`${process.argv[2]}/node_modules/${name}/package.json`));
    try {
      await run();
      console.log(`ok   ${name} ${version}: list, read, reply, update`);
      passed++;
    } catch (e) {
      console.log(`FAIL ${name} ${version}: ${e && e.stack ? e.stack : e}`);
      failed++;
    }
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
})();

// What fhir-kit-client does to a hub: node with_fhir_kit_client.js http://127.0.0.1:8080/fhir SYSTEM KEY
// It signs in as a hospital's system with its private key, a JWK file.
import assert from "node:assert/strict";
import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { CapabilityTool, Client } from "fhir-kit-client";

const [baseUrl, system, keyFile] = process.argv.slice(2);
const MR = "urn:oid:1.2.392.100495.20.3.51.10112345670";
const NUMBER = `kit-${randomUUID().slice(0, 8)}`;

/** private_key_jwt: the client finds the token endpoint; a signature with ES384 gives a token. */
async function signIn(client) {
  const { tokenUrl } = await client.smartAuthMetadata();
  const jwk = JSON.parse(readFileSync(keyFile, "ascii"));
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 240;
  const claims = { iss: system, sub: system, aud: tokenUrl.href, exp, jti: randomUUID() };
  const said = `${encode({ alg: "ES384", kid: jwk.kid, typ: "JWT" })}.${encode(claims)}`;
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  const signature = sign("sha384", Buffer.from(said), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const answer = await fetch(tokenUrl, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      scope: "system/*.cruds",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: `${said}.${signature}`,
    }),
  });
  assert.equal(answer.status, 200);
  client.bearerToken = (await answer.json()).access_token;
}

const patient = () => ({
  resourceType: "Patient",
  identifier: [{ system: MR, value: NUMBER }],
  name: [{ text: "試験 三郎", family: "試験", given: ["三郎"] }],
  gender: "male",
  birthDate: "1939-03-03",
});

const temperature = (of, day) => ({
  resourceType: "Observation",
  status: "preliminary",
  category: [
    { coding: [{ system: "http://terminology.hl7.org/CodeSystem/observation-category", code: "vital-signs" }] },
  ],
  code: { coding: [{ system: "http://loinc.org", code: "8310-5" }], text: "体温" },
  subject: { reference: `Patient/${of}` },
  effectiveDateTime: `2026-11-0${day}T07:00:00+09:00`,
  valueQuantity: { value: 36 + day / 10, unit: "℃", system: "http://unitsofmeasure.org", code: "Cel" },
});

async function refused(status, asking) {
  const error = await asking.then(() => assert.fail(`${status} was expected`), (error) => error);
  assert.equal(error.response?.status, status, error);
  assert.equal(error.response.data.resourceType, "OperationOutcome");
  return error.response.data.issue[0];
}

async function createsReadsAndChanges(client, of) {
  const once = { headers: { "If-None-Exist": `identifier=${MR}|${NUMBER}` } };
  const same = await client.create({ resourceType: "Patient", body: patient(), options: once });
  assert.equal(same.id, of);
  assert.equal(Client.httpFor(same).response.status, 200);
  const stored = await client.create({ resourceType: "Observation", body: temperature(of, 1) });
  const { id } = stored;
  const place = { resourceType: "Observation", id };
  assert.deepEqual({ ...(await client.read(place)) }, { ...stored });
  const seen = { headers: { "If-Match": `W/"${stored.meta.versionId}"` } };
  const changed = await client.update({ ...place, body: { ...stored, status: "final" }, options: seen });
  assert.equal(changed.status, "final");
  await refused(412, client.update({ ...place, body: stored, options: seen }));
  const jsonPatch = [
    { op: "test", path: "/status", value: "final" },
    { op: "add", path: "/note", value: [{ text: "朝食前" }] },
  ];
  assert.equal((await client.patch({ ...place, jsonPatch })).note[0].text, "朝食前");
  assert.equal((await client.vread({ ...place, version: stored.meta.versionId })).status, "preliminary");
  const history = await client.history(place);
  assert.deepEqual(history.entry.map((one) => one.request.method), ["PUT", "PUT", "POST"]);
  const resolved = await client.resolve({ reference: changed.subject.reference });
  assert.equal(resolved.id, of);
}

async function sendsBundles(client, of) {
  const entry = [2, 3, 4, 5, 6, 7].map((day) => ({
    fullUrl: `urn:uuid:${randomUUID()}`,
    resource: temperature(of, day),
    request: { method: "POST", url: "Observation" },
  }));
  const stored = await client.transaction({ body: { resourceType: "Bundle", type: "transaction", entry } });
  assert.deepEqual(stored.entry.map((one) => one.response.status), Array(6).fill("201 Created"));
  const asked = [`Patient/${of}`, "Patient/nobody"].map((url) => ({ request: { method: "GET", url } }));
  const answers = await client.batch({ body: { resourceType: "Bundle", type: "batch", entry: asked } });
  assert.deepEqual(answers.entry.map((one) => one.response.status.slice(0, 3)), ["200", "404"]);
}

async function searches(client, of) {
  const searchParams = { patient: of, code: "http://loinc.org|8310-5", _sort: "-date", _count: 3 };
  const days = [];
  let page = await client.search({ resourceType: "Observation", searchParams });
  while (page) {
    days.push(...page.entry.map((one) => one.resource.effectiveDateTime.slice(8, 10)));
    page = await client.nextPage({ bundle: page });
  }
  assert.deepEqual(days, ["07", "06", "05", "04", "03", "02", "01"]);
  const posted = await client.search({
    resourceType: "Observation",
    searchParams: { "patient.identifier": `${MR}|${NUMBER}`, date: ["ge2026-11-03", "lt2026-11-05"] },
    options: { postSearch: true },
  });
  assert.equal(posted.entry.length, 2);
  const both = await client.search({
    resourceType: "Observation",
    searchParams: { patient: of, _count: 2, _include: "Observation:patient" },
  });
  assert.deepEqual(both.entry.map((one) => one.search.mode), ["match", "match", "include"]);
  const around = { _id: of, _revinclude: "Observation:subject" };
  assert.equal((await client.search({ resourceType: "Patient", searchParams: around })).entry.length, 8);
  const everywhere = await client.systemSearch({ searchParams: { _type: "Patient", _id: of } });
  assert.equal(everywhere.entry.length, 1);
  const compartment = { resourceType: "Patient", id: of };
  const within = await client.search({ resourceType: "Observation", compartment, searchParams: { _count: 200 } });
  assert.equal(within.entry.length, 7);
}

async function callsOperations(client, of) {
  const everything = await client.operation({
    name: "everything",
    resourceType: "Patient",
    id: of,
    method: "GET",
    input: { _count: 5 },
  });
  assert.equal(everything.entry.length, 5);
  assert.equal((await client.nextPage({ bundle: everything })).entry.length, 3);
  const input = { ...temperature(of, 1), status: "perhaps" };
  const outcome = await client.operation({ name: "$validate", resourceType: "Observation", input });
  assert.deepEqual(outcome.issue[0].expression, ["Observation.status"]);
}

async function isRefusedWithAnOperationOutcome(client, of) {
  await refused(404, client.read({ resourceType: "Patient", id: "nobody" }));
  await refused(403, client.search({ resourceType: "AuditEvent" }));
  await refused(400, client.search({ resourceType: "Patient", searchParams: { identifer: "1" } }));
  const body = { ...temperature(of, 1), status: "perhaps" };
  const issue = await refused(422, client.create({ resourceType: "Observation", body }));
  assert.deepEqual(issue.expression, ["Observation.status"]);
  await refused(401, new Client({ baseUrl, bearerToken: "nobody" }).read({ resourceType: "Patient", id: of }));
}

async function deletes(client, of) {
  const { id } = await client.create({ resourceType: "Observation", body: temperature(of, 9) });
  await client.delete({ resourceType: "Observation", id });
  await refused(410, client.read({ resourceType: "Observation", id }));
}

const client = new Client({ baseUrl });
const can = new CapabilityTool(await client.capabilityStatement());
assert.ok(can.serverCan("transaction") && can.serverCan("batch"));
assert.ok(can.resourceCan("Observation", "patch") && can.resourceSearch("Observation", "patient"));
await signIn(client);
const { id } = await client.create({ resourceType: "Patient", body: patient() });
const steps = [
  createsReadsAndChanges,
  sendsBundles,
  searches,
  callsOperations,
  isRefusedWithAnOperationOutcome,
  deletes,
];
for (const step of steps) {
  await step(client, id);
  console.log(`fhir-kit-client ${step.name}`);
}

// SPDX-License-Identifier: MIT
//
// What docs/compatibility.md says of client libraries: each test that drives one says so in its
// output, from where tools/compatibility reads it.

/** `t`: the test's context; `library` in this `version` did `what`. */
export function ran(t, library, version, what) {
  t.diagnostic(`library: ${library} | ${version} | ${what}`);
}

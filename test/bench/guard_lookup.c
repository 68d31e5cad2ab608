/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fixed work for the instruction guard: one small snapshot built, then look-ups of both families,
 * one at a time and in batches, listed and not.
 */
#include "prop.h"

#include "format.h"
#include "snapshot/build.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRIES = 20000, LOOKUPS = 200000, GROUP = 64 };

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where)
{
	(void)about;
	(void)kind;
	(void)where;
	return remove(path);
}

static struct pehra *snapshot_make(const char *folder)
{
	CLEANUP(verdict_table_free) struct verdict_table *verdicts = verdict_table_new();
	CLEANUP(buf_done) struct buf path = { 0 };
	struct snapshot_v4 *v4 = calloc(ENTRIES, sizeof *v4);
	struct snapshot_v6 *v6 = calloc(ENTRIES, sizeof *v6);
	struct pehra_verdict verdict = { .score = { 50 } };
	/* a key of the guard's own: signing costs the same each time */
	struct snapshot_key key = { 0 };
	struct pehra *snapshot;

	must(v4 != NULL && v6 != NULL);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		v4[i] = (struct snapshot_v4){
			.address = 0x0a000000 + i * 37, .width = 32, .verdict = 1
		};
		v6[i] = (struct snapshot_v6){ .high = UINT64_C(0x20010db800000000) +
						      i * UINT64_C(41),
			.length = 64,
			.verdict = 1 };
	}
	must(verdict_table_intern(verdicts, &verdict, NULL, 0) == 1);

	struct snapshot_input input = { .v4 = v4,
		.v4_count = ENTRIES,
		.v6 = v6,
		.v6_count = ENTRIES,
		.verdicts = verdicts,
		.generation = 1 };

	must(snapshot_build(&input, folder, &key, NULL) == OK);
	buf_fmt(&path, "%s/generation.pehra", folder);
	must(pehra_open(buf_c(&path), PEHRA_OPEN_PLAIN, &snapshot) == PEHRA_OK);
	free(v4);
	free(v6);
	return snapshot;
}

static uint64_t v4_work(const struct pehra *snapshot)
{
	struct prop prop = { 1 };
	uint32_t addresses[GROUP];
	pehra_id ids[GROUP];
	uint64_t found = 0;

	for (size_t done = 0; done < LOOKUPS; done += GROUP) {
		for (size_t i = 0; i < GROUP; i++)
			addresses[i] =
				i % 2 == 0 ? (uint32_t)prop_u64(&prop)
					   : 0x0a000000 + (uint32_t)prop_below(&prop, ENTRIES) * 37;
		pehra_ipv4_batch(snapshot, addresses, ids, GROUP);
		for (size_t i = 0; i < GROUP; i++)
			found += ids[i] == pehra_ipv4(snapshot, addresses[i]) && ids[i] != 0;
	}
	return found;
}

static uint64_t v6_work(const struct pehra *snapshot)
{
	struct prop prop = { 2 };
	uint8_t addresses[GROUP][16];
	pehra_id ids[GROUP];
	uint64_t found = 0;

	for (size_t done = 0; done < LOOKUPS; done += GROUP) {
		for (size_t i = 0; i < GROUP; i++) {
			uint64_t high = UINT64_C(0x20010db800000000) +
					prop_below(&prop, ENTRIES) * (40 + i % 2);

			for (size_t k = 0; k < 8; k++) {
				addresses[i][k] = (uint8_t)(high >> (56 - 8 * k));
				addresses[i][8 + k] = (uint8_t)k;
			}
		}
		pehra_ip_batch(snapshot, (const uint8_t(*)[16])addresses, ids, GROUP);
		for (size_t i = 0; i < GROUP; i++)
			found += ids[i] == pehra_ip(snapshot, addresses[i]) && ids[i] != 0;
	}
	return found;
}

int main(void)
{
	char folder[] = "/tmp/pehra-guard-XXXXXX";

	must(mkdtemp(folder) != NULL);

	struct pehra *snapshot = snapshot_make(folder);
	bool right = v4_work(snapshot) >= LOOKUPS / 2 && v6_work(snapshot) >= LOOKUPS / 2;

	pehra_close(snapshot);
	(void)nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	return right ? 0 : 1;
}

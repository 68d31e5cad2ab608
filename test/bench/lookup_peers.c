/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The peers: DPDK rte_fib and rte_fib6, and libmaxminddb over a database written here. */
#include "bench/lookup.h"

#include <maxminddb.h>
#include <netinet/in.h>
#include <rte_eal.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_memory.h>
#include <unistd.h>

enum { BULK = 4096, TRIE_SPARE = 1024 };

void dpdk_start(void)
{
	char program[] = "bench";
	char no_huge[] = "--no-huge";
	char memory[] = "-m";
	char megabytes[] = "16000";
	char no_pci[] = "--no-pci";
	char no_telemetry[] = "--no-telemetry";
	char no_shconf[] = "--no-shconf";
	/* without it rte_fib_select_lookup refuses AVX-512 and the scalar code stays in use */
	char width[] = "--force-max-simd-bitwidth=512";
	char level[] = "--log-level=4";
	char *arguments[] = { program, no_huge, memory, megabytes, no_pci, no_telemetry, no_shconf,
		width, level };

	must(rte_eal_init((int)ARRAY_LEN(arguments), arguments) >= 0);
}

/* /24s with longer prefixes inside: each needs a second table. */
static uint32_t long_slash24s(const struct snapshot_v4 *list, size_t count)
{
	uint32_t n = 0;
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		n += list[i].width > 24 && list[i].address >> 8 != last;
		if (list[i].width > 24)
			last = list[i].address >> 8;
	}
	return n;
}

void *fib_new(const struct snapshot_v4 *list, size_t count)
{
	struct rte_fib_conf conf = { .type = RTE_FIB_DIR24_8, .max_routes = (int)(2 * count + 64) };
	struct rte_fib *fib;

	conf.dir24_8.nh_sz = RTE_FIB_DIR24_8_4B;
	conf.dir24_8.num_tbl8 = long_slash24s(list, count) + TRIE_SPARE;
	fib = rte_fib_create("bench", SOCKET_ID_ANY, &conf);
	for (size_t i = 0; fib != NULL && i < count; i++) {
		if (rte_fib_add(fib, list[i].address, list[i].width, list[i].verdict) != 0) {
			rte_fib_free(fib);
			fib = NULL;
		}
	}
	if (fib == NULL)
		(void)fprintf(stderr, "rte_fib cannot hold %zu entries here\n", count);
	return fib;
}

void fib_free(void *fib)
{
	rte_fib_free(fib);
}

bool fib_vector(void *fib, bool vector)
{
	return rte_fib_select_lookup(fib, vector ? RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512
						 : RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO) == 0;
}

uint64_t fib_run(void *fib, const uint32_t *addresses, size_t n)
{
	uint64_t hops[BULK];
	uint32_t copy[BULK];
	uint64_t sum = 0;

	for (size_t done = 0; done < n; done += BULK) {
		size_t now = n - done < BULK ? n - done : BULK;

		memcpy(copy, addresses + done, now * sizeof *copy);
		(void)rte_fib_lookup_bulk(fib, copy, hops, (int)now);
		for (size_t i = 0; i < now; i++)
			sum += hops[i];
	}
	return sum;
}

static void v6_bytes(const struct snapshot_v6 *entry, uint8_t out[16])
{
	for (unsigned i = 0; i < 8; i++) {
		out[i] = (uint8_t)(entry->high >> (56 - 8 * i));
		out[8 + i] = (uint8_t)(entry->low >> (56 - 8 * i));
	}
}

void *fib6_new(const struct snapshot_v6 *list, size_t count)
{
	struct rte_fib6_conf conf = { .type = RTE_FIB6_TRIE, .max_routes = (int)(2 * count + 64) };
	struct rte_fib6 *fib;
	uint8_t bytes[16];

	conf.trie.nh_sz = RTE_FIB6_TRIE_4B;
	conf.trie.num_tbl8 = (uint32_t)(count * 8 + TRIE_SPARE);
	fib = rte_fib6_create("bench6", SOCKET_ID_ANY, &conf);
	for (size_t i = 0; fib != NULL && i < count; i++) {
		v6_bytes(&list[i], bytes);
		if (rte_fib6_add(fib, bytes, list[i].length, list[i].verdict) != 0) {
			rte_fib6_free(fib);
			fib = NULL;
		}
	}
	if (fib == NULL)
		(void)fprintf(stderr, "rte_fib6 cannot hold %zu entries here\n", count);
	return fib;
}

void fib6_free(void *fib)
{
	rte_fib6_free(fib);
}

bool fib6_vector(void *fib, bool vector)
{
	return rte_fib6_select_lookup(fib, vector ? RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512
						  : RTE_FIB6_LOOKUP_TRIE_SCALAR) == 0;
}

uint64_t fib6_run(void *fib, uint8_t (*addresses)[16], size_t n)
{
	uint64_t hops[BULK];
	uint64_t sum = 0;

	for (size_t done = 0; done < n; done += BULK) {
		size_t now = n - done < BULK ? n - done : BULK;

		(void)rte_fib6_lookup_bulk(fib, addresses + done, hops, (int)now);
		for (size_t i = 0; i < now; i++)
			sum += hops[i];
	}
	return sum;
}

/* ---- a MaxMind database: a binary tree of 32-bit records, then the values, then a map ---- */

#define TREE_LEAF UINT32_C(0x80000000)

struct tree {
	struct buf nodes; /* uint32_t[2]: 0 nothing, TREE_LEAF | value, else a node */
};

static uint32_t *tree_record(struct tree *tree, uint32_t node, uint32_t side)
{
	return (uint32_t *)(void *)tree->nodes.data + 2 * (size_t)node + side;
}

static uint32_t tree_node_new(struct tree *tree, uint32_t fill)
{
	const uint32_t node[2] = { fill, fill };

	buf_put(&tree->nodes, node, sizeof node);
	return (uint32_t)(tree->nodes.n / sizeof node) - 1;
}

/* Wider entries come first, so a leaf on the way is split and kept around the new one. */
static void tree_add(struct tree *tree, const struct snapshot_v4 *entry)
{
	uint32_t node = 0;

	for (unsigned depth = 0;; depth++) {
		uint32_t side = entry->address >> (31 - depth) & 1;
		uint32_t record = *tree_record(tree, node, side);

		if (depth + 1 == entry->width) {
			*tree_record(tree, node, side) = TREE_LEAF | entry->verdict;
			return;
		}
		if (record == 0 || (record & TREE_LEAF) != 0) {
			uint32_t made = tree_node_new(tree, record);

			*tree_record(tree, node, side) = made;
			record = made;
		}
		node = record;
	}
}

static void put_big_endian(struct buf *out, uint64_t value, unsigned bytes)
{
	while (bytes-- > 0)
		buf_byte(out, (char)(value >> (8 * bytes)));
}

/* Types of the format: 2 text, 5 uint16, 6 uint32, 7 map; 9 uint64 and 11 array are extended. */
static void put_control(struct buf *out, unsigned type, unsigned size)
{
	buf_byte(out, (char)((type < 8 ? type << 5 : 0) | size));
	if (type >= 8)
		buf_byte(out, (char)(type - 7));
}

static void put_text(struct buf *out, const char *text)
{
	put_control(out, 2, (unsigned)strlen(text));
	buf_str(out, str_c(text));
}

static void put_metadata(struct buf *out, uint32_t nodes)
{
	buf_str(out, STR("\xab\xcd\xefMaxMind.com"));
	put_control(out, 7, 9);
	put_text(out, "node_count");
	put_control(out, 6, 4);
	put_big_endian(out, nodes, 4);
	put_text(out, "record_size");
	put_control(out, 5, 1);
	buf_byte(out, 32);
	put_text(out, "ip_version");
	put_control(out, 5, 1);
	buf_byte(out, 4);
	put_text(out, "database_type");
	put_text(out, "bench");
	put_text(out, "languages");
	put_control(out, 11, 0);
	put_text(out, "binary_format_major_version");
	put_control(out, 5, 1);
	buf_byte(out, 2);
	put_text(out, "binary_format_minor_version");
	put_control(out, 5, 0);
	put_text(out, "build_epoch");
	put_control(out, 9, 1);
	buf_byte(out, 1);
	put_text(out, "description");
	put_control(out, 7, 0);
}

enum { MMDB_SEPARATOR = 16, MMDB_VALUE_BYTES = 2 };

static bool tree_write(struct tree *tree, const char *path)
{
	CLEANUP(buf_done) struct buf out = { 0 };
	uint32_t nodes = (uint32_t)(tree->nodes.n / (2 * sizeof(uint32_t)));
	FILE *file = fopen(path, "wb");
	bool written;

	if (file == NULL)
		return false;
	for (uint32_t i = 0; i < 2 * nodes; i++) {
		uint32_t record = *tree_record(tree, i / 2, i % 2);
		uint32_t value = record & ~TREE_LEAF;

		if (record == 0)
			record = nodes;
		else if ((record & TREE_LEAF) != 0)
			record = nodes + MMDB_SEPARATOR + value * MMDB_VALUE_BYTES;
		put_big_endian(&out, record, 4);
	}
	for (unsigned i = 0; i < MMDB_SEPARATOR; i++)
		buf_byte(&out, 0);
	for (unsigned value = 0; value <= LOOKUP_VALUES; value++) {
		put_control(&out, 5, 1);
		buf_byte(&out, (char)value);
	}
	put_metadata(&out, nodes);
	written = fwrite(out.data, 1, out.n, file) == out.n;
	return fclose(file) == 0 && written;
}

void *mmdb_new(const struct snapshot_v4 *list, size_t count, const char *path)
{
	struct tree tree = { 0 };
	MMDB_s *mmdb = calloc(1, sizeof *mmdb);

	must(mmdb != NULL);
	(void)tree_node_new(&tree, 0);
	for (size_t i = 0; i < count; i++)
		tree_add(&tree, &list[i]);

	bool written = tree_write(&tree, path);

	buf_done(&tree.nodes);
	if (!written || MMDB_open(path, MMDB_MODE_MMAP, mmdb) != MMDB_SUCCESS) {
		(void)fprintf(stderr, "libmaxminddb cannot hold %zu entries here\n", count);
		free(mmdb);
		mmdb = NULL;
	}
	(void)unlink(path);
	return mmdb;
}

void mmdb_free(void *mmdb)
{
	MMDB_close(mmdb);
	free(mmdb);
}

uint64_t mmdb_run(void *state, const uint32_t *addresses, size_t n)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		struct sockaddr_in address = { .sin_family = AF_INET,
			.sin_addr = { htonl(addresses[i]) } };
		int error;
		MMDB_lookup_result_s found = MMDB_lookup_sockaddr(
			state, (const struct sockaddr *)(const void *)&address, &error);
		MMDB_entry_data_s value;

		if (found.found_entry &&
			MMDB_get_value(&found.entry, &value, (const char *)NULL) == MMDB_SUCCESS)
			sum += value.uint16;
	}
	return sum;
}

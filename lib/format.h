/* SPDX-License-Identifier: MIT */
/*
 * The snapshot file, version 1. Shared by the library (reads), the builder and the live copy
 * (write); not installed. Little-endian; every place is an offset or an index, so the file works
 * wherever it is mapped.
 *
 *   page 0   struct snapshot_header: what the file holds, a table of sections, the signature
 *   page 1   struct snapshot_control: what changes in place; outside checksums and signature
 *   then     the sections, each on a page border; runs of zeros are holes in the file
 *
 * IPv4. A bit per /24 says whether anything in it is listed. A listed /24 has its home in one
 * 64-byte line, found by a permutation of the 2^24 /24s; at most 256 /24s share a home, so 8 bits
 * of the permuted number and the host byte identify an address within the line. Slots of hosts
 * (/25 to /32, resolved to single addresses) grow from the front, slots of whole /24s from the
 * back. What does not fit goes to overflow lines; a crowded /24 has a page of 256 ids instead.
 * Wider prefixes are slots of each /24 they cover, or stand in the short level: one id per /16,
 * or a page of one id per /24 of that /16.
 *
 * IPv6. Three bits per hashed /32 say whether anything in it is listed. Prefixes up to /64 cut the
 * 2^64 high halves of addresses into intervals; their borders are the keys of a static B+-tree in
 * an implicit layout. Each border has two values: for the high half that equals it, and for what
 * follows up to the next border, so that a single /64 costs one border. Longer prefixes hang off
 * their /64 as a sorted list of low halves. What is added in place goes to a small hash table.
 *
 * Names and URLs. One hash table; every ancestor of a listed name has an entry, so the first
 * missing suffix ends a search.
 *
 * Fields that change in a live copy are atomic, each change is one store, and a slot's identity
 * never changes once it is published: readers need no lock and never wait.
 */
#ifndef PEHRA_FORMAT_H
#define PEHRA_FORMAT_H

#include "pehra.h"

#include <stdatomic.h>

#define SNAPSHOT_MAGIC "PEHRASNP"
#define SNAPSHOT_MAGIC_BYTES                           \
	{                                              \
		'P', 'E', 'H', 'R', 'A', 'S', 'N', 'P' \
	}

enum {
	SNAPSHOT_VERSION = 1,
	SNAPSHOT_PAGE_BYTES = 4096,
	SNAPSHOT_SECTIONS_MAX = 40,
	SNAPSHOT_DIGEST_BYTES = 32,
	SNAPSHOT_SIGNATURE_BYTES = 64,
	/* an id that never names a verdict: look one level deeper */
	SNAPSHOT_ID_DEEPER = 65535,
	SNAPSHOT_ID_MAX = 65534
};

enum snapshot_flags {
	SNAPSHOT_IS_LIVE = 1,      /* changes in place; not signed */
	SNAPSHOT_V6_UNFILTERED = 2 /* an IPv6 prefix is too wide for the filter: skip it */
};

enum section_id {
	SECTION_V4_FILTER,      /* uint64_t, a bit per /24 */
	SECTION_V4_LINES,       /* struct v4_line; homes, then overflow */
	SECTION_V4_LINE_DETAIL, /* uint64_t[V4_LINE_SLOTS] per line */
	SECTION_V4_PAGES,       /* uint16_t[256] */
	SECTION_V4_PAGE_DETAIL, /* uint64_t[256] per page */
	SECTION_V4_SHORT,       /* uint16_t[65536], per /16; SNAPSHOT_ID_DEEPER: see V4_MID_INDEX */
	SECTION_V4_SHORT_DETAIL,
	SECTION_V4_MID_INDEX, /* uint16_t[65536], per /16 */
	SECTION_V4_MIDS,      /* uint16_t[256] */
	SECTION_V4_MID_DETAIL,
	SECTION_V6_FILTER,      /* uint64_t; a power of two of them */
	SECTION_V6_INNER,       /* struct v6_node, level above the leaves first */
	SECTION_V6_KEYS,        /* struct v6_node: borders in order, padded with all ones */
	SECTION_V6_VALUES,      /* uint64_t per border, see v6_value_* */
	SECTION_V6_DETAIL,      /* uint64_t, of /64 entries; 0 is not used */
	SECTION_V6_WIDE,        /* struct v6_wide, sorted: entries shorter than /64 */
	SECTION_V6_DEEP_LOW,    /* uint64_t: low halves of entries longer than /64 */
	SECTION_V6_DEEP_ID,     /* uint16_t */
	SECTION_V6_DEEP_DETAIL, /* uint64_t */
	SECTION_V6_LISTS,       /* struct v6_list */
	SECTION_V6_ADDED,       /* struct v6_added, in order of arrival */
	SECTION_V6_ADDED_INDEX, /* uint32_t: 1 + index of an added entry; a power of two of them */
	SECTION_TEXT_SLOTS,     /* struct text_slot */
	SECTION_TEXT_DETAIL,    /* uint64_t[2] per slot: exact, below */
	SECTION_TEXT_COUNT,     /* uint32_t per slot: listings of it and of what is below it */
	SECTION_TEXT_BYTES,
	SECTION_VERDICTS,       /* struct pehra_verdict, by id */
	SECTION_SET_STARTS,     /* uint32_t per source set: where its numbers start */
	SECTION_SET_NUMBERS,    /* uint16_t: count, then that many numbers of sources */
	SECTION_SOURCE_STARTS,  /* uint32_t per source: where its name starts */
	SECTION_SOURCE_NAMES,   /* bytes, a NUL after each name */
	SECTION_CATEGORY_NAMES, /* char[CATEGORY_NAME_BYTES] per category, NUL-padded */
	SECTION_COUNT
};
_Static_assert((int)SECTION_COUNT <= (int)SNAPSHOT_SECTIONS_MAX, "the table has room");

enum { CATEGORIES_MAX = 64, CATEGORY_NAME_BYTES = 64 };

struct section {
	uint64_t offset;   /* from the start of the file, a multiple of the page size */
	uint64_t size;     /* bytes */
	uint64_t checksum; /* XXH64, seed 0 */
	uint8_t digest[SNAPSHOT_DIGEST_BYTES]; /* BLAKE2b-256 */
};

struct snapshot_header {
	char magic[8];
	uint32_t version;
	uint32_t flags;
	uint64_t generation;
	int64_t created_s;
	uint64_t seed; /* of every hash in the file */
	uint64_t file_bytes;
	uint64_t ipv4_entries;
	uint64_t ipv6_entries;
	uint64_t name_entries;
	uint32_t v4_homes;
	uint32_t section_count;
	uint64_t v6_borders;
	/* how much of each section that can grow was in use when the file was written */
	uint32_t verdicts; /* ids 1..verdicts */
	uint32_t v4_overflow;
	uint32_t v4_pages;
	uint32_t v4_mids;
	uint32_t v6_details;
	uint32_t sets;
	uint32_t set_numbers;
	uint32_t sources;
	uint32_t source_bytes;
	uint32_t text_slots;
	uint64_t text_bytes;
	uint8_t reserved[64];
	struct section sections[SNAPSHOT_SECTIONS_MAX];
	/* Ed25519 over all bytes before it; zero in a live copy */
	uint8_t signature[SNAPSHOT_SIGNATURE_BYTES];
	/* XXH64 over all bytes before it */
	uint64_t checksum;
};
_Static_assert(sizeof(struct snapshot_header) <= SNAPSHOT_PAGE_BYTES, "one page");

/* Only the keeper writes; counts only grow. */
struct snapshot_control {
	_Atomic uint32_t superseded;
	/* grows after every change of a live copy; an odd number says that one is under way */
	_Atomic uint32_t turn;
	_Atomic uint64_t changes;
	_Atomic uint64_t ipv4_entries;
	_Atomic uint64_t ipv6_entries;
	_Atomic uint64_t name_entries;
	_Atomic uint32_t verdicts;
	_Atomic uint32_t v4_overflow;
	_Atomic uint32_t v4_pages;
	_Atomic uint32_t v4_mids;
	_Atomic uint32_t v6_details;
	_Atomic uint32_t v6_added;
	_Atomic uint32_t sets;
	_Atomic uint32_t set_numbers;
	_Atomic uint32_t sources;
	_Atomic uint32_t source_bytes;
	_Atomic uint32_t text_slots;
	_Atomic uint64_t text_bytes;
};

/* Days and prefix length of an entry in one word, so that one store changes them. */
static inline uint64_t detail_pack(
	uint16_t first_day, uint16_t last_day, uint16_t until_day, uint8_t prefix_length)
{
	return (uint64_t)first_day | (uint64_t)last_day << 16 | (uint64_t)until_day << 32 |
	       (uint64_t)prefix_length << 48;
}

static inline uint8_t detail_length(uint64_t detail)
{
	return (uint8_t)(detail >> 48);
}

/* ---- IPv4 ---- */

enum {
	V4_LINE_SLOTS = 15,
	V4_HOMES_MIN = 65536, /* so that at most 256 /24s share a home */
	V4_HOMES_MAX = 1 << 24,
	V4_OVERFLOW_MAX = (1 << 24) - 1,
	V4_CHAIN_MAX = 64, /* lines a reader follows */
	V4_PAGE_IDS = 256,
	V4_SHORT_IDS = 65536,
	V4_FILTER_BYTES = 1 << 21
};

/*
 * header: bits 0-3 host slots, bits 4-7 slots of whole /24s, bits 8-31 the number of the next line
 * of the chain counted from 1 behind the homes, 0 for none.
 */
struct v4_line {
	_Atomic uint32_t header;
	/* high byte: low bits of the permuted /24; low byte: host, or see below */
	uint16_t residual[V4_LINE_SLOTS];
	_Atomic uint16_t id[V4_LINE_SLOTS];
};
_Static_assert(sizeof(struct v4_line) == 64, "one cache line");

/*
 * A slot of a whole /24 has low byte 0 and its verdict's id, or low byte p >= 1 and an id that
 * together number a page: (p - 1) << 16 | id.
 */
static inline uint32_t v4_slot_page(uint16_t residual, uint16_t id)
{
	return ((uint32_t)(residual & 0xff) - 1) << 16 | id;
}

enum { V4_PAGES_MAX = 255 << 16 };

static inline uint32_t v4_header_hosts(uint32_t header)
{
	return header & 15;
}

static inline uint32_t v4_header_wholes(uint32_t header)
{
	return header >> 4 & 15;
}

static inline uint32_t v4_header_next(uint32_t header)
{
	return header >> 8;
}

/*
 * A permutation of 24-bit numbers. The multiplier comes from the seed, so that nobody can choose
 * /24s that share a home without knowing the file; the second round spreads what one
 * multiplication leaves regular.
 */
static inline uint32_t v4_permute(uint32_t slash24, uint32_t multiplier)
{
	uint32_t x = slash24 * multiplier & 0xffffff;

	x ^= x >> 12;
	return x * 0x9e3779 & 0xffffff;
}

static inline uint32_t v4_multiplier(uint64_t seed)
{
	return (uint32_t)seed | 1;
}

static inline uint32_t v4_home(uint32_t permuted, uint32_t homes)
{
	return (uint32_t)((uint64_t)permuted * homes >> 24);
}

/* ---- IPv6 ---- */

enum { V6_NODE_KEYS = 8, V6_LEVELS_MAX = 16, V6_FILTER_LENGTH = 32 };

struct v6_node {
	uint64_t keys[V6_NODE_KEYS];
};

/* A border's value: ids for the high half that equals the key and for the rest, and a slot. */
static inline uint64_t v6_value(uint16_t equal, uint16_t rest, uint32_t slot)
{
	return (uint64_t)equal | (uint64_t)rest << 16 | (uint64_t)slot << 32;
}

static inline uint16_t v6_value_equal(uint64_t value)
{
	return (uint16_t)value;
}

static inline uint16_t v6_value_rest(uint64_t value)
{
	return (uint16_t)(value >> 16);
}

/*
 * With equal == SNAPSHOT_ID_DEEPER: V6_SLOT_SINGLE and the number of one deep host, or the number
 * of a list. Else the number of the /64 entry's detail; 0 when a wider entry gave the id.
 */
static inline uint32_t v6_value_slot(uint64_t value)
{
	return (uint32_t)(value >> 32);
}

#define V6_SLOT_SINGLE UINT32_C(0x80000000)

enum v6_list_kind {
	V6_LIST_HOSTS = 0, /* low halves of single addresses */
	V6_LIST_RANGES = 1 /* each low half starts a range that ends before the next one */
};

struct v6_list {
	uint32_t first; /* in the deep sections */
	uint32_t count;
	uint32_t kind;
	_Atomic uint16_t outer; /* the /64 entry's own id */
	uint16_t reserved;
	_Atomic uint64_t outer_detail;
};

#define V6_WIDE_NONE UINT32_MAX

struct v6_wide {
	uint64_t high;
	uint64_t detail;
	uint32_t parent; /* the closest wider entry, or V6_WIDE_NONE; smaller than its own number */
	uint16_t id;
	uint16_t reserved;
};

/* An entry that came after the file was written: a /64 (low 0) or a single address. */
struct v6_added {
	uint64_t high;
	uint64_t low;
	_Atomic uint64_t detail;
	_Atomic uint16_t id; /* 0: taken out again */
	uint8_t length;      /* 64 or 128 */
	uint8_t reserved[5];
};

/* Finalizer of MurmurHash3 (Appleby, public domain). */
static inline uint64_t hash_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static inline uint64_t v6_added_hash(uint64_t seed, uint64_t high, uint64_t low, uint8_t length)
{
	return hash_mix(hash_mix(high ^ seed) + low + length);
}

/*
 * The filter's place for the /32 that holds the high half: a word and three bits in it. One bit
 * alone lets one in sixteen unlisted networks through, three let one in a hundred.
 */
struct v6_filter_place {
	uint64_t word;
	uint64_t bits;
};

static inline struct v6_filter_place v6_filter_place(uint64_t seed, uint64_t high, uint64_t words)
{
	uint64_t hash = (high >> 32 ^ (uint32_t)seed) * UINT64_C(0x9e3779b97f4a7c15);

	return (struct v6_filter_place){ (hash ^ hash >> 32) & (words - 1),
		UINT64_C(1) << (hash >> 58) | UINT64_C(1) << (hash >> 52 & 63) |
			UINT64_C(1) << (hash >> 46 & 63) };
}

/* ---- names and URLs ---- */

enum {
	TEXT_PROBES_MAX = 256, /* slots a reader looks at */
	TEXT_NAME_MAX = 255,
	TEXT_LENGTH_MAX = UINT16_MAX
};

/* slots are numbered below this */
#define TEXT_SLOT_LIMIT UINT32_C(0xffffffff)

enum text_kind { TEXT_NAME = 1, TEXT_URL = 2 };

struct text_slot {
	_Atomic uint32_t fingerprint; /* 0: free */
	uint32_t start;               /* in SECTION_TEXT_BYTES */
	uint16_t length;
	uint16_t kind;
	_Atomic uint16_t exact;
	_Atomic uint16_t below;
};
_Static_assert(sizeof(struct text_slot) == 16, "four in a cache line");

/* A running hash from the last byte to the first, so that every suffix costs nothing extra. */
static inline uint64_t text_hash_start(uint64_t seed, uint16_t kind)
{
	return hash_mix(seed + kind);
}

static inline uint64_t text_hash_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 47);
}

static inline uint32_t text_fingerprint(uint64_t mixed)
{
	uint32_t high = (uint32_t)(mixed >> 32);

	return high == 0 ? 1 : high;
}

static inline uint32_t text_home(uint64_t mixed, uint32_t slots)
{
	return (uint32_t)((mixed & UINT32_MAX) * slots >> 32);
}

#endif

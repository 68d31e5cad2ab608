/* SPDX-License-Identifier: MIT */
/*
 * libpehra: look-ups in a Pehra snapshot, for programs that embed them.
 *
 * A snapshot is one file that holds what is known about addresses, names and URLs. It is mapped
 * read-only and used as it is. There is no dependency but libc.
 *
 * Threads: an open snapshot may be read by any number of threads at once; no call blocks, allocates
 * or locks, except open and close. The caller closes a snapshot only when no thread reads it: the
 * usual pattern is one handle per thread, all of which share the mapped pages.
 *
 * Two kinds of file have the same form. A generation (signed, never changes) and the live copy
 * (local readers; the keeper changes verdicts in it while readers look, each address atomically).
 * When a newer file takes its place, pehra_superseded() turns true: open the path again and close
 * the old handle when it suits.
 *
 * A damaged file can give a wrong answer, never a crash: every index read from it is checked.
 */
#ifndef PEHRA_H
#define PEHRA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pehra;

enum pehra_status {
	PEHRA_OK = 0,
	PEHRA_ERROR_SYSTEM,   /* errno tells */
	PEHRA_ERROR_FORMAT,   /* not a snapshot, or of a version this library cannot read */
	PEHRA_ERROR_CHECKSUM, /* a section does not match its checksum */
	PEHRA_ERROR_MEMORY
};

enum pehra_open_flags {
	PEHRA_OPEN_PLAIN = 0,
	/* Checks every section's checksum first (reads the whole file); not possible on a live
	   copy. */
	PEHRA_OPEN_VERIFY = 1
};

/* Opens by path, or by a descriptor that stays the caller's. On error *out is NULL. */
enum pehra_status pehra_open(const char *path, unsigned flags, struct pehra **out);
enum pehra_status pehra_open_fd(int fd, unsigned flags, struct pehra **out);
void pehra_close(struct pehra *snapshot);
/* English words for a status, a literal. */
const char *pehra_status_text(enum pehra_status status);

/* Names a verdict record; 0 says that nothing is listed. */
typedef uint16_t pehra_id;

/*
 * Longest prefix match. IPv4 in host byte order; pehra_ip takes 16 bytes in network order, with
 * IPv4 as ::ffff:a.b.c.d.
 */
pehra_id pehra_ipv4(const struct pehra *snapshot, uint32_t address);
pehra_id pehra_ip(const struct pehra *snapshot, const uint8_t address[16]);

/* As pehra_ipv4 and pehra_ip for n addresses, overlapping their memory latencies. */
void pehra_ipv4_batch(
	const struct pehra *snapshot, const uint32_t *addresses, pehra_id *ids, size_t n);
void pehra_ip_batch(
	const struct pehra *snapshot, const uint8_t (*addresses)[16], pehra_id *ids, size_t n);

/*
 * A domain name in lower-case A-labels without the last dot: the name itself, else the closest
 * listing above it that takes in everything below.
 */
pehra_id pehra_name(const struct pehra *snapshot, const char *name, size_t length);
/* A URL in canonical form, exactly. */
pehra_id pehra_url(const struct pehra *snapshot, const char *url, size_t length);

/* What people claim of an indicator, kept apart because they are different questions. */
enum pehra_role { PEHRA_SOURCE = 0, PEHRA_DESTINATION = 1, PEHRA_POLICY = 2, PEHRA_ROLES = 3 };

/* What to do, least to most; an allow outranks the others. */
enum pehra_action {
	PEHRA_NONE = 0,
	PEHRA_WATCH = 1,
	PEHRA_CHALLENGE = 2,
	PEHRA_BLOCK = 3,
	PEHRA_ALLOW = 4
};

/* One interned record: many entries share it. */
struct pehra_verdict {
	uint64_t categories; /* bit c is set for category number c, see pehra_category_name */
	uint8_t score[PEHRA_ROLES]; /* 0..100 each */
	uint8_t action;             /* enum pehra_action, under the default policy */
	uint16_t source_set;        /* see pehra_sources; 0 when the set is not told */
	uint16_t source_count;      /* how many sources claim it */
	uint8_t reserved[16];
};

/* NULL for id 0 and for ids that the file does not hold. Lives as long as the snapshot is open. */
const struct pehra_verdict *pehra_verdict(const struct pehra *snapshot, pehra_id id);

/* What is known of one entry beyond its verdict. Days count from 2020-01-01 UTC; 0 is unknown. */
struct pehra_detail {
	pehra_id id;
	uint16_t first_day;    /* first claimed */
	uint16_t last_day;     /* last claimed */
	uint16_t until_day;    /* when the verdict is expected to end if nothing new is seen */
	uint8_t prefix_length; /* of the entry that matched, 0..128, IPv4 as 96 + width */
};

#define PEHRA_DAY_ZERO_S INT64_C(1577836800) /* 2020-01-01T00:00:00Z */

/* As the look-ups above, with the entry's detail; returns the id. */
pehra_id pehra_ip_detail(
	const struct pehra *snapshot, const uint8_t address[16], struct pehra_detail *out);
pehra_id pehra_name_detail(
	const struct pehra *snapshot, const char *name, size_t length, struct pehra_detail *out);
pehra_id pehra_url_detail(
	const struct pehra *snapshot, const char *url, size_t length, struct pehra_detail *out);

/* Is anything listed within the prefix (length 0..128, IPv4 as 96 + width), or at or below name? */
int pehra_ip_any_within(const struct pehra *snapshot, const uint8_t address[16], uint8_t length);
int pehra_name_any_below(const struct pehra *snapshot, const char *name, size_t length);

/* The sources of a set: fills at most max names, returns how many there are. */
size_t pehra_sources(
	const struct pehra *snapshot, uint16_t source_set, const char **names, size_t max);
/* "brute-force", "tor", ...; NULL for numbers that the file does not name. */
const char *pehra_category_name(const struct pehra *snapshot, unsigned category);

struct pehra_info {
	uint64_t generation; /* grows by one with each file */
	uint64_t changes;    /* made in place since the file was written; 0 in a generation */
	int64_t created_s;   /* seconds since 1970 */
	uint64_t ipv4_entries;
	uint64_t ipv6_entries;
	uint64_t name_entries; /* names and URLs */
	uint64_t verdicts;
	uint64_t file_bytes;
	int is_live;
};

void pehra_info(const struct pehra *snapshot, struct pehra_info *out);

/* Has a newer file taken this one's place? One load from memory. */
int pehra_superseded(const struct pehra *snapshot);

#ifdef __cplusplus
}
#endif
#endif

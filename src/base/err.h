/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Errors: one code and one reason.
 *
 * A function that can fail returns enum err and takes a struct why as its last parameter. The
 * reason is filled once, where the failure is understood; callers pass both up with TRY and the
 * top of a loop logs them once. Bad input is an error; exhausted memory and broken invariants are
 * not: they end the process (must()), and the parent starts it again.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum err {
	OK = 0,
	ERR_USAGE,       /* the caller's words are off */
	ERR_SYNTAX,      /* input is not of the form it claims */
	ERR_LIMIT,       /* a named limit was passed */
	ERR_IO,          /* the system refused; why.sys has errno */
	ERR_FULL,        /* no space left on the device */
	ERR_NOT_FOUND,   /* what was named does not exist */
	ERR_EXISTS,      /* what was to be made exists */
	ERR_DENIED,      /* not permitted */
	ERR_CORRUPT,     /* stored data fail their own check */
	ERR_CONFLICT,    /* changed meanwhile by somebody else */
	ERR_BUSY,        /* held by another process; try again */
	ERR_TIMEOUT,     /* took longer than its limit */
	ERR_CLOSED,      /* the peer is gone */
	ERR_UNSUPPORTED, /* known, but not by this build or machine */
	ERR_STORE,       /* the database refused */
	ERR_HELD,        /* kept aside until a person decides */
	ERR_COUNT
};

enum { WHY_TEXT_MAX = 256 };

/* Why something failed. line is 1-based in the input concerned, 0 where there is none. */
struct why {
	enum err code;
	int sys;
	uint64_t line;
	char text[WHY_TEXT_MAX];
};

#define NODISCARD    __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
/* unused: what is only there to be cleaned up counts as used */
#define CLEANUP(fn)  __attribute__((cleanup(fn), unused))
#define FALLTHROUGH  __attribute__((fallthrough))
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/*
 * fail(why, code, format, ...) fills why (which may be NULL) and is worth code, so that
 * `return fail(...)` reads as one step. A macro, so that the compiler sees that it is never OK.
 */
#define fail(why, code, ...) (why_set((why), (code), 0, __VA_ARGS__), (code))

/* As fail(), with the line of the input. */
#define fail_at(why, code, line, ...) (why_set((why), (code), (line), __VA_ARGS__), (code))

/* As fail(), and appends the text of errno; ENOSPC and EDQUOT give ERR_FULL, others ERR_IO. */
#define fail_sys(why, ...) (why_set_sys((why), __VA_ARGS__) ? ERR_FULL : ERR_IO)

void why_set(struct why *why, enum err code, uint64_t line, const char *fmt, ...) PRINTF(4, 5);
/* True when the reason is a full device. */
bool why_set_sys(struct why *why, const char *fmt, ...) PRINTF(2, 3);

/* A stable lower-case word for a code ("syntax", "limit"), for logs and JSON. */
const char *err_word(enum err code);

#define TRY(expr)                           \
	do {                                \
		enum err try_err_ = (expr); \
		if (try_err_ != OK)         \
			return try_err_;    \
	} while (0)

/* Broken invariants and exhausted memory end the process, in production too. */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))
void must_failed(const char *what, const char *file, int line) __attribute__((noreturn, cold));

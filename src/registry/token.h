/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * API tokens: what a program (or, until accounts exist, a person) shows to be let in.
 *
 * A token is the text "pehra_<id>_<secret>". The id (12 hexadecimal digits) is public: it names the
 * token in lists, logs and the audit trail. The secret is 192 random bits, told once, when the
 * token is made. The store keeps only BLAKE2b-256 over both: a slow password hash defends secrets
 * that can be guessed, and 192 random bits cannot, while a slow hash on every request would be a
 * gift to whoever wants to exhaust the server.
 *
 * Keeper (or the command line while no keeper runs) makes, revokes and marks tokens; web loads the
 * whole set now and then (it is small) and checks against it, so answers do not need the store.
 */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "evidence/taxonomy.h"
#include "store/db.h"

enum token_permission {
	TOKEN_READ = 1,    /* look-ups and lists, up to its TLP */
	TOKEN_REPORT = 2,  /* send sightings */
	TOKEN_OPERATE = 4, /* run feeds, see jobs and the audit trail */
	TOKEN_ADMIN = 8,   /* everything, tokens too */
	TOKEN_DECIDE = 16  /* overrides, policies, models, and what waits for a person */
};

enum {
	TOKEN_PERMISSIONS_ALL =
		TOKEN_READ | TOKEN_REPORT | TOKEN_OPERATE | TOKEN_ADMIN | TOKEN_DECIDE,
	TOKEN_ID_LENGTH = 12,
	TOKEN_SECRET_BYTES = 24,
	TOKEN_TEXT_LENGTH = 6 + TOKEN_ID_LENGTH + 1 + 2 * TOKEN_SECRET_BYTES,
	TOKEN_HASH_BYTES = 32,
	TOKEN_OWNER_MAX = 128,
	TOKEN_SET_MAX = 100000, /* tokens that a server keeps */
	TOKEN_LIFE_DAYS = 365,  /* when its maker names no end */
	TOKEN_LIFE_DAYS_MAX = 2 * 365
};

struct token {
	struct str id;
	struct str owner;     /* who answers for it: a name, a mail address */
	uint32_t permissions; /* of enum token_permission */
	enum tlp tlp;         /* the strictest label it may see */
	int64_t created_s;
	int64_t ends_s;      /* never open-ended */
	int64_t revoked_s;   /* 0: it is not */
	int64_t last_used_s; /* the day (00:00 UTC) it was last used; 0: never */
	uint8_t hash[TOKEN_HASH_BYTES];
};

/* "read", "report", "operate", "decide", "admin"; several with commas. */
bool token_permissions_parse(struct str words, uint32_t *out);
void token_permissions_format(struct buf *out, uint32_t permissions);

/*
 * Stores a new token for owner and writes its text to out, the only time it is ever seen. ends_s 0
 * stands for TOKEN_LIFE_DAYS from now. ERR_USAGE when owner, permissions or end do not fit.
 */
struct token_request {
	struct str owner;
	uint32_t permissions;
	enum tlp tlp;
	int64_t ends_s;
};
NODISCARD enum err token_add(struct db *db, const struct token_request *request, int64_t now_s,
	char out[TOKEN_TEXT_LENGTH + 1], struct why *why);
/* ERR_NOT_FOUND when there is none; revoking twice keeps the first time. */
NODISCARD enum err token_revoke(struct db *db, struct str id, int64_t now_s, struct why *why);
/*
 * Notes the day of use; earlier days change nothing, unknown ids are ignored. Keeper calls it for
 * each command: look-ups never write, so a token that only reads shows no use.
 */
NODISCARD enum err token_used(struct db *db, struct str id, int64_t now_s, struct why *why);
/* All tokens, oldest first, placed in the arena. */
NODISCARD enum err token_list(
	struct db *db, struct arena *arena, struct token **out, size_t *n, struct why *why);

/* The tokens by id. Zero-initialised holds none. One owner. */
struct token_set {
	struct arena arena;
	struct map by_id; /* index into tokens */
	struct token *tokens;
	size_t n;
};

void token_set_done(struct token_set *set);
/* Reads all; on failure out holds none. */
NODISCARD enum err token_set_load(struct db *db, struct token_set *out, struct why *why);
/*
 * The token of a text shown by a client; lives as long as the set. ERR_DENIED when it is unknown,
 * wrong, revoked or ended, with the reason for the log; clients are told none of it. The time taken
 * tells nothing of the secret.
 */
NODISCARD enum err token_set_check(const struct token_set *set, struct str text, int64_t now_s,
	const struct token **out, struct why *why);

/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/build.h"

#include "base/io.h"

#include <sodium.h>

_Static_assert(sizeof(((struct snapshot_key *)NULL)->secret) == crypto_sign_SECRETKEYBYTES,
	"Ed25519 secret");
_Static_assert(sizeof(((struct snapshot_key *)NULL)->public) == crypto_sign_PUBLICKEYBYTES,
	"Ed25519 public");

enum { KEY_FILE_MAX = 1024 };

/* Files hold one line of hexadecimal digits. */
static enum err key_read(const char *path, uint8_t *out, size_t bytes, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };
	enum err err = file_read(path, KEY_FILE_MAX, &text, why);
	struct str digits = str_trim(buf_view(&text));

	if (err == OK && (digits.n != 2 * bytes || !parse_hex(digits, out)))
		err = fail(why, ERR_CORRUPT, "%s does not hold a key", path);
	sodium_memzero(text.data, text.n);
	return err;
}

static enum err key_write(
	const char *path, const uint8_t *key, size_t bytes, unsigned mode, struct why *why)
{
	CLEANUP(buf_done) struct buf text = { 0 };

	buf_hex(&text, key, bytes);
	buf_byte(&text, '\n');

	enum err err = file_replace(path, buf_view(&text), mode, why);

	sodium_memzero(text.data, text.n);
	return err;
}

enum err snapshot_key_load_or_make(const char *folder, struct snapshot_key *out, struct why *why)
{
	CLEANUP(buf_done) struct buf secret = { 0 };
	CLEANUP(buf_done) struct buf public = { 0 };
	uint8_t derived[crypto_sign_PUBLICKEYBYTES];

	must(sodium_init() >= 0);
	buf_fmt(&secret, "%s/snapshot.key", folder);
	buf_fmt(&public, "%s/snapshot.pub", folder);

	enum err err = key_read(buf_c(&secret), out->secret, sizeof out->secret, why);

	if (err == ERR_NOT_FOUND) {
		must(crypto_sign_keypair(out->public, out->secret) == 0);
		TRY(key_write(buf_c(&secret), out->secret, sizeof out->secret, 0600, why));
		return key_write(buf_c(&public), out->public, sizeof out->public, 0644, why);
	}
	TRY(err);
	must(crypto_sign_ed25519_sk_to_pk(derived, out->secret) == 0);
	err = key_read(buf_c(&public), out->public, sizeof out->public, why);
	if (err == ERR_NOT_FOUND) {
		memcpy(out->public, derived, sizeof out->public);
		return key_write(buf_c(&public), out->public, sizeof out->public, 0644, why);
	}
	TRY(err);
	if (sodium_memcmp(derived, out->public, sizeof derived) != 0)
		return fail(why, ERR_CORRUPT, "snapshot.pub does not belong to snapshot.key");
	return OK;
}

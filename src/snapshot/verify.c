/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "snapshot/build.h"

#include "base/io.h"
#include "format.h"
#include "reader.h"

#include <fcntl.h>
#include <sodium.h>

static enum err status_err(enum pehra_status status, const char *path, struct why *why)
{
	if (status == PEHRA_ERROR_SYSTEM)
		return fail_sys(why, "cannot map %s", path);
	return fail(why, ERR_CORRUPT, "%s: %s", path, pehra_status_text(status));
}

static void snapshot_close(struct pehra **snapshot)
{
	pehra_close(*snapshot);
}

static enum err digests_check(const struct pehra *snapshot, struct why *why)
{
	const struct snapshot_header *header = snapshot->header;

	for (size_t i = 0; i < SECTION_COUNT; i++) {
		const struct section *section = &header->sections[i];
		uint8_t digest[SNAPSHOT_DIGEST_BYTES];

		must(crypto_generichash(digest, sizeof digest,
			     (const uint8_t *)header + section->offset, section->size, NULL,
			     0) == 0);
		if (sodium_memcmp(digest, section->digest, sizeof digest) != 0)
			return fail(
				why, ERR_CORRUPT, "the digest of section %zu does not match", i);
	}
	return OK;
}

enum err snapshot_verify(const char *path, const uint8_t public_key[32], struct why *why)
{
	CLEANUP(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC);
	CLEANUP(snapshot_close) struct pehra *snapshot = NULL;

	if (fd == -1)
		return fail_sys(why, "cannot open %s", path);

	enum pehra_status status = pehra_open_fd(fd, PEHRA_OPEN_PLAIN, &snapshot);

	if (status != PEHRA_OK)
		return status_err(status, path, why);
	if (snapshot->is_live)
		return fail(why, ERR_UNSUPPORTED, "%s is a live copy, which is not signed", path);
	if (crypto_sign_verify_detached(snapshot->header->signature,
		    (const uint8_t *)snapshot->header, offsetof(struct snapshot_header, signature),
		    public_key) != 0)
		return fail(why, ERR_CORRUPT, "%s: the signature does not match the key", path);
	TRY(digests_check(snapshot, why));
	pehra_close(snapshot);
	snapshot = NULL;
	status = pehra_open_fd(fd, PEHRA_OPEN_VERIFY, &snapshot);
	return status == PEHRA_OK ? OK : status_err(status, path, why);
}

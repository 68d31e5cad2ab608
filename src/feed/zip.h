/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The directory of a zip archive that lies whole in memory (PKWARE APPNOTE 6.3, without zip64,
 * encryption and spanning). Every offset is checked; names are only shown, never used as paths.
 */
#pragma once

#include "base/arena.h"

struct zip_member {
	struct str name; /* borrowed from the archive */
	struct str data; /* as stored, compressed or not */
	bool is_deflated;
	uint32_t crc32;
	uint64_t plain_bytes;
};

enum { ZIP_MEMBERS_MAX = 10000 };

/* Members in the directory's order, without folders and the companions that macOS adds. */
NODISCARD enum err zip_members(struct str archive, struct arena *arena, struct zip_member **out,
	size_t *out_n, struct why *why);

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Makes compressed bytes for tests. Each appends to out. */
#pragma once

#include "base/buf.h"

void pack_gzip(struct buf *out, struct str plain);
void pack_zstd(struct buf *out, struct str plain);
void pack_xz(struct buf *out, struct str plain);

struct pack_member {
	const char *name;
	struct str plain;
	bool is_deflated;
};

void pack_zip(struct buf *out, const struct pack_member *members, size_t n);

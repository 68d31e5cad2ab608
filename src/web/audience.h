/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks, and what may be told: the one gate through which everything with a TLP label passes on
 * its way out (FIRST TLP 2.0).
 */
#pragma once

#include "evidence/taxonomy.h"

struct audience {
	struct str token_id; /* empty: anonymous */
	struct str owner;
	uint32_t permissions; /* of enum token_permission */
	enum tlp tlp;         /* the strictest label it may see */
};

/* Nobody in particular: sees what is clear, may look up unless that is refused to strangers. */
struct audience audience_anonymous(bool is_refused);

/* One of these permissions; 0: everybody may. */
bool audience_may(const struct audience *audience, uint32_t permission);
bool audience_may_see(const struct audience *audience, enum tlp tlp);

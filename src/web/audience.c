/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/audience.h"

#include "registry/token.h"

struct audience audience_anonymous(bool is_refused)
{
	return (struct audience){ .permissions = is_refused ? 0 : TOKEN_READ, .tlp = TLP_CLEAR };
}

bool audience_may(const struct audience *audience, uint32_t permission)
{
	return permission == 0 || (audience->permissions & (permission | TOKEN_ADMIN)) != 0;
}

bool audience_may_see(const struct audience *audience, enum tlp tlp)
{
	return (unsigned)tlp <= (unsigned)audience->tlp;
}

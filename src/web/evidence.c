/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "web/evidence.h"
#include "web/web_int.h"

bool source_may_be_named(struct web *web, const struct audience *audience, struct str source)
{
	const uint64_t *tlp;
	bool may;

	must(pthread_mutex_lock(&web->tokens_mutex) == 0);
	tlp = map_get(&web->source_tlp, source);
	may = tlp == NULL || audience_may_see(audience, (enum tlp) * tlp);
	must(pthread_mutex_unlock(&web->tokens_mutex) == 0);
	return may;
}

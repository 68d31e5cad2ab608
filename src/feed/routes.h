/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Routes: which AS announces a prefix, as feeds of purpose "routes" tell it. A route is a claim on
 * the prefix whose reference names the AS: "AS64500", or nothing when the source knows the prefix
 * alone.
 *
 * Why the reference and not the count: equal claims of a batch are merged, their counts add up, and
 * two routes of one prefix would become a third. Of references one stays, the first in byte order,
 * and any before none; so a prefix of several ASes has one of them, the same whatever the order of
 * the lines, and a person who reads the evidence sees it.
 */
#pragma once

#include "base/str.h"

enum { ROUTE_REFERENCE_MAX = sizeof "AS4294967295" };

/*
 * The AS of a claim's reference, 0 when it names none. False when it is no route's reference (then
 * *out is 0, too: the prefix is still one).
 */
bool route_asn(struct str reference, uint32_t *out);

/*
 * The reference of what a source writes: "AS64500", "as64500" or "64500"; nothing, and AS0 (RFC
 * 7607: nobody announces it), give an empty one. False for anything else.
 */
NODISCARD bool route_reference(struct str text, char space[ROUTE_REFERENCE_MAX], struct str *out);

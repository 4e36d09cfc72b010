/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What of a subcarrier (docs/modem.md) those below the modem must know: a driver's start mark rides on it too. */
#ifndef OAC_HAL_SUBCARRIER_H
#define OAC_HAL_SUBCARRIER_H

/* Chips in a period, on real ports. */
#define OAC_SUBCARRIER_CHIPS 4u
/* Turns in a period of tones, on ports of I and Q: of the weights, the client, and their product. */
#define OAC_TONE_WEIGHT  1u
#define OAC_TONE_CLIENT  2u
#define OAC_TONE_PRODUCT 3u

#endif

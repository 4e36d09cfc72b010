/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A probe as a person reads it, and as JSON for programs (the shape is published in docs/boards.md). */
#ifndef OAC_CLI_PROBE_REPORT_H
#define OAC_CLI_PROBE_REPORT_H

#ifdef OAC_HAVE_LIBIIO
#include <stdio.h>

#include "driver/iio/probe.h"

void oac_probe_print(const struct oac_probe *probe, const struct oac_rig *rig, FILE *out);
enum oac_status oac_probe_print_json(const struct oac_probe *probe, const struct oac_rig *rig,
                                     FILE *out, struct oac_err *err) OAC_MUST_USE;
#endif

#endif

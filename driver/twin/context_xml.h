/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The context description that a client asks for first (PRINT): the devices as XML, with the complete inline
 * document type, without which every libiio client prints validity errors. Values are escaped. */
#ifndef OAC_DRIVER_TWIN_CONTEXT_XML_H
#define OAC_DRIVER_TWIN_CONTEXT_XML_H

#include <stddef.h>

#include "driver/twin/devices.h"

/* *xml (*bytes, and a NUL that is not counted) is freed by the caller. rig: its name; name: the board's, or "". */
enum oac_status oac_twin_context_xml(const struct oac_twin_devices *devices, const char *rig,
                                     const char *name, char **xml, size_t *bytes,
                                     struct oac_err *err) OAC_MUST_USE;

#endif

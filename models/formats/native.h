/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The native model format: HDF5, root attributes format="oac-model", schema=1, name, input_shape,
 * input_scale, source, license; /layers/000/... groups with attributes kind ("dense"), activation and
 * optionally w_limit and x_scale, data sets weight (out, in), bias (out) and optionally x_mean (in), f32. */
#ifndef OAC_MODELS_FORMATS_NATIVE_H
#define OAC_MODELS_FORMATS_NATIVE_H

#include "models/network.h"

enum oac_status oac_native_read(const char *path, struct oac_network **network,
                                struct oac_err *err) OAC_MUST_USE;
enum oac_status oac_native_write(const struct oac_network *network, const char *path,
                                 const char *command_line, struct oac_err *err) OAC_MUST_USE;

#endif

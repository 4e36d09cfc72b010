/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A training run on disk: HDF5, format "oac-checkpoint", with weights, the optimiser's moments and the number
 * of steps done. Everything else is a function of the options and that number, so a resumed run computes
 * what the uninterrupted one would have. */
#ifndef OAC_MODELS_CHECKPOINT_H
#define OAC_MODELS_CHECKPOINT_H

#include "models/trainer.h"

enum oac_status oac_checkpoint_write(const struct oac_trainer *trainer, const char *path,
                                     struct oac_err *err) OAC_MUST_USE;

/* Into a trainer made with the same options and data: OAC_EMISMATCH when the checkpoint belongs to
 * another run. *trainer is untouched on failure. */
enum oac_status oac_checkpoint_read(const char *path, struct oac_trainer *trainer,
                                    struct oac_err *err) OAC_MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network on a matrix engine that counts right answers, batch by batch on all threads.
 *
 * Bench time goes on: every image it classifies is a new one in the engine's schedule, so that the same
 * image seen twice has new noise and a later drift. The counts do not depend on threads. */
#ifndef OAC_EXPERIMENTS_CLASSIFIER_H
#define OAC_EXPERIMENTS_CLASSIFIER_H

#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "base/status.h"
#include "hal/engine.h"
#include "models/dataset.h"
#include "models/forward.h"
#include "models/network.h"

struct oac_classifier;

/* Loads the network through the engine; network (with x_scale of every layer) and engine must outlive it.
 * threads 0: all processors; 1 where the link plays one at a time. */
enum oac_status oac_classifier_create(struct oac_engine *engine,
                                      const struct oac_network *network, size_t threads,
                                      struct oac_classifier **classifier,
                                      struct oac_err *err) OAC_MUST_USE;
void oac_classifier_destroy(struct oac_classifier *classifier); /* NULL is fine */

/* prediction (count; NULL: not wanted) of images first .. first+count-1; *right of them. */
enum oac_status oac_classifier_count(struct oac_classifier *classifier,
                                     const struct oac_dataset *dataset, size_t first,
                                     size_t count, const struct oac_sink *sink,
                                     uint8_t *prediction, size_t *right,
                                     struct oac_err *err) OAC_MUST_USE;

/* As if `count` images had been classified, with that tally: they were, before an interruption. */
void oac_classifier_skip(struct oac_classifier *classifier, size_t count,
                         struct oac_multiply_tally tally);

struct oac_forward *oac_classifier_forward(struct oac_classifier *classifier);
/* Images in the engine's schedule so far. */
uint64_t oac_classifier_images(const struct oac_classifier *classifier);
/* Readouts that left the converter's range so far, and operands that left the modulator's. */
struct oac_multiply_tally oac_classifier_tally(const struct oac_classifier *classifier);

/* The same digitally, on this thread. */
enum oac_status oac_classifier_digital(const struct oac_network *network,
                                       const struct oac_dataset *dataset, size_t first,
                                       size_t count, size_t *right,
                                       struct oac_err *err) OAC_MUST_USE;

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The steps of a calibration (calibration.h says which and in what order). Each plays through `measure`,
 * reads what earlier steps found in *calibration and adds its own. */
#ifndef OAC_CALIBRATION_STEPS_H
#define OAC_CALIBRATION_STEPS_H

#include "calibration/calibration.h"
#include "calibration/diagnose.h"
#include "calibration/measure.h"

typedef enum oac_status oac_calibration_step(struct oac_measure *measure,
                                             const struct oac_calibrate_options *options,
                                             struct oac_calibration *calibration,
                                             struct oac_err *err);

oac_calibration_step oac_step_align, oac_step_faults, oac_step_dark, oac_step_search,
    oac_step_delay, oac_step_weights, oac_step_client, oac_step_linearity, oac_step_gain,
    oac_step_pairs, oac_step_noise, oac_step_verify;

/* Runs `run` on a link of the channels that are not marked excluded, lasers of the others off, and puts what
 * it found into *calibration. */
enum oac_status oac_calibrate_others(struct oac_measure *measure,
                                     const struct oac_calibrate_options *options,
                                     struct oac_calibration *calibration,
                                     oac_calibration_step *run,
                                     struct oac_err *err) OAC_MUST_USE;

/* What oac_step_faults judges: probes at the biases that *calibration holds, and leaves the bench so. */
enum oac_status oac_diagnose_bench(struct oac_measure *measure,
                                   const struct oac_calibrate_options *options,
                                   const struct oac_calibration *calibration,
                                   struct oac_findings *findings,
                                   struct oac_err *err) OAC_MUST_USE;

/* The slow bias of level `level` of `levels` for a modulator: the levels span, around `centre_v`, what
 * makes DAC and bias together reach 2.4 V_pi, inside the setting's range; present_v when the link has no
 * such setting. Pure. */
double oac_step_bias(const struct oac_measure *measure, enum oac_setting setting,
                     const struct oac_port *port, double vpi_v, double present_v, size_t level,
                     size_t levels);

/* Sets all biases to where the calibration works, and finds the codes nearest to the peaks there. */
enum oac_status oac_step_operate(struct oac_measure *measure,
                                 struct oac_calibration *calibration,
                                 struct oac_err *err) OAC_MUST_USE;

/* Makes the client's data late_slots later, into calibration->skew_s. Status: OAC_EMISSED when the setting does
 * not reach so far. */
enum oac_status oac_step_skew(struct oac_measure *measure, struct oac_calibration *calibration,
                              double late_slots, struct oac_err *err) OAC_MUST_USE;

/* The darkest code of a port at this bias. Pure. */
uint16_t oac_step_null_code(const struct oac_port *port, const struct oac_curve *curve,
                            double bias_v);

/* What is played where no light is wanted, weight (channels) and *client: anything where lasers can be switched
 * off; else all modulators at their nulls, which leaves the product of both extinctions. Pure. */
void oac_step_dark_codes(const struct oac_measure *measure,
                         const struct oac_calibration *calibration, uint16_t *weight,
                         uint16_t *client);

/* The same before any curve is known, on a link that cannot switch its lasers: the darkest of a row of codes of
 * each modulator. */
enum oac_status oac_step_darkest(struct oac_measure *measure, uint16_t *weight,
                                 uint16_t *client, struct oac_err *err) OAC_MUST_USE;

/* Lasers off or on, where the link can. */
enum oac_status oac_step_lasers(struct oac_measure *measure, bool on,
                                struct oac_err *err) OAC_MUST_USE;

/* Length of a window whose light fills `part` of the readout's range on the strongest channel. Pure. */
size_t oac_step_slots(const struct oac_measure *measure,
                      const struct oac_calibration *calibration, double part);

/* After readouts saturated since `before` (measure->saturated then), makes windows a quarter shorter and
 * returns true: play again. False when none did, or windows cannot be shorter. */
bool oac_step_shorter(const struct oac_measure *measure, struct oac_calibration *calibration,
                      uint64_t before);

/* Delays are looked for to either side [slots]. */
#define OAC_STEP_REACH 24

/* The longest window that a step plays, whatever the readout could take. */
#define OAC_STEP_SLOTS_MAX 256

#endif

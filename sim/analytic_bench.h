/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the analytic engine: the bench it simulates and a loaded frame.
 *
 * A weight's transmission is alpha + beta c with c = cos(pi (V - V_peak)/V_pi), alpha = T_on (1+r)/2 and
 * beta = T_on (1-r)/2; its complementary output is alpha - beta c. Everything about a modulator that moves
 * (bias drift, drive noise) acts on c alone, which keeps the drifting bench exact: a bias shift of angle d
 * turns c into c cos d - s sin d.
 *
 * A slot's light is taken at `nodes` points of its waveform (sim/components/one_pole.h): one, the settled
 * value, while both modulators are instant; OAC_ANALYTIC_NODES otherwise. */
#ifndef OAC_SIM_ANALYTIC_BENCH_H
#define OAC_SIM_ANALYTIC_BENCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hal/calrec.h"
#include "hal/link.h"
#include "sim/bench.h"
#include "sim/noise.h"
#include "sim/panel.h"
#include "sim/readout.h"
#include "sim/rig.h"

/* A pole shorter than this part of a slot is instant: what it moves from one slot to the next is below the
 * same part of full scale. */
#define OAC_ANALYTIC_INSTANT 1e-4
#define OAC_ANALYTIC_NODES   6

struct oac_client_table { /* by client code */
    uint16_t null_code;
    bool straight; /* the DAC has no fixed error: angles are linear in the code */
    double t_null,
        d_null;         /* T and D = dT/d ln V_pi at the null code; T absolute, T_on included */
    double alpha, beta; /* T = alpha + beta cos, the mean effect of drive noise not included */
    struct oac_transmission curve;
    float *t, *d; /* T and D less their null values */
    float *turns; /* angle/2 pi */
    double *v;    /* voltage */
    struct oac_client_table *next;
};

struct oac_frame {
    size_t rows, slots;
    size_t cols; /* rows padded to OAC_KERNEL_PAD, with room for a column of ones */
    bool differential;
    uint16_t null_code;
    uint16_t *code;         /* (rows, slots) kept to rebuild after a setting changed */
    _Atomic uint64_t built; /* version of the settings it was built for; 0: not yet */
    const struct oac_client_table *client;
    float *memory; /* all matrices and constants below */
    /* Slot-major (slots, cols), one per node, NULL when not needed. Column `rows` is the node's weight, so
     * that s1[rows] is sum Tx and a[rows] sum Tx^2. */
    float *light[OAC_ANALYTIC_NODES]; /* output electrons per Tx, crosstalk included */
    float *detuned
        [OAC_ANALYTIC_NODES];     /* the same times each wavelength's relative V_pi deviation */
    float *v[OAC_ANALYTIC_NODES]; /* electrons^2 per Tx^2 and power^2: rin, weight drive */
    float *a
        [OAC_ANALYTIC_NODES]; /* electrons^2 per Tx^2 and power: signal-ASE before the client */
    float *cosine[OAC_ANALYTIC_NODES],
        *sine[OAC_ANALYTIC_NODES]; /* c and s unmixed: a moving bench */
    struct oac_readout_rows constants;
    double *
        null_sums; /* (2, cols) sums over slots and nodes of c and s, for the null code's light */
    float *
        straddle; /* (slots, cols) electrons^2 per Tx[n] Tx[n+1]: weight drive; NULL: none does */
    double launched_j, client_in_j,
        photons_preweight; /* per window at launch 1: struct oac_frame_light */
};

struct oac_source {     /* a laser and its weight modulator */
    double power_w;     /* at the present setting */
    double alpha, beta; /* T = alpha + beta c */
    double detuning; /* of the client's V_pi at its wavelength, relative; 0 without tracking */
    double parked_c, parked_s; /* at the guard code */
};

struct
    oac_pair_weights { /* how a row's detectors weigh alpha and beta c, in mean and in shot noise */
    double mean_a, mean_b, shot_a, shot_b;
};

struct oac_analytic {
    struct oac_rig rig;
    struct oac_bench *bench;
    uint32_t noise;
    uint64_t seed;
    struct oac_panel panel;
    double slot_s;
    double weight_sigma_v, client_sigma_v; /* drive noise; 0 with the switch off */
    double weight_memory, client_memory;   /* E = exp(-T/tau) */
    size_t nodes;
    struct {
        double weight, u_weight,
            u_client; /* of the average over the slot; exp(-t/tau) of each modulator */
    } node[OAC_ANALYTIC_NODES];
    bool tracking; /* the client's V_pi follows the wavelength */
    bool
        rotating; /* the client's operand is drawn per slot: drive noise, shared RIN, bias drift */
    bool
        moving; /* factors per laser and window: drift, low-frequency RIN where crosstalk mixes it */
    bool slow_rin;   /* the latter */
    bool common_rin; /* low-frequency RIN of a shared laser: one factor per window */
    size_t *
        comb_shift; /* (channels) slots into the hum of a comb that walks off; NULL: none does */
    size_t comb_span;
    bool gain_drifts;
    bool crosstalk;
    uint64_t epoch_slots; /* drift is taken once in so many slots */
    bool sampled;         /* a slot is the mean of its conversions; slots are summed */
    bool countable; /* shot noise of few electrons is drawn as Poisson: no gain, no amplifier */
    bool dead_time; /* counts lost to a dead time */
    bool exact;     /* every readout goes through oac_analytic_exact */
    struct oac_source *source; /* (channels) */
    /* Light paths of detector k: path_begin[k] .. path_begin[k+1]-1, from source path_from with path_light
     * output electrons per slot for Tw = Tx = 1 (both absolute), APD gain included. */
    size_t *path_begin, *path_from;
    double *path_light;
    uint64_t version;     /* of the settings, from 1 */
    pthread_mutex_t lock; /* guards account and what is rebuilt lazily: frames, client tables */
    struct oac_client_table *clients;
    struct oac_frame **frame; /* by handle - 1 */
    size_t frame_capacity;
    struct oac_account account;
};

/* sim/analytic_open.c: everything that follows from self's rig, noise and seed. On failure what was made is left
 * for oac_link_close. */
enum oac_status oac_analytic_setup(struct oac_analytic *self, const uint8_t rig_hash[32],
                                   struct oac_err *err) OAC_MUST_USE;

/* Recomputes sources and light paths after a setting changed. */
enum oac_status oac_analytic_paths_refresh(struct oac_analytic *self,
                                           struct oac_err *err) OAC_MUST_USE;
void oac_analytic_paths_destroy(struct oac_analytic *self);

/* Pure. */
struct oac_pair_weights oac_analytic_pair(const struct oac_analytic *self,
                                          const struct oac_frame *frame, size_t k);

/* Makes a frame's matrices and constants fit the present settings if they do not yet. */
enum oac_status oac_analytic_frame_refresh(struct oac_analytic *self, struct oac_frame *frame,
                                           struct oac_err *err) OAC_MUST_USE;
void oac_analytic_frame_destroy(struct oac_frame *frame); /* NULL is fine */

/* sim/analytic_walkoff.c. Decides whether a comb walks off from itself. */
enum oac_status oac_analytic_comb_create(struct oac_analytic *self,
                                         struct oac_err *err) OAC_MUST_USE;
/* Row k's share of a source `late` slots late whose cosine has this variance (slots); drive2 is the square of
 * its electrons per cosine. */
void oac_analytic_straddle_add(struct oac_frame *frame, size_t k, double late, double drive2,
                               const double *variance);

/* The per-row constants of a frame whose matrices are built. Pure but for the frame. */
void oac_analytic_constants(const struct oac_analytic *self, struct oac_frame *frame);

/* The table for a null code; owned by self. Call with the lock held. */
enum oac_status oac_client_table_get(struct oac_analytic *self, uint16_t null_code,
                                     const struct oac_client_table **table,
                                     struct oac_err *err) OAC_MUST_USE;
void oac_client_tables_destroy(struct oac_analytic *self);

/* sim/analytic_play.c: the link's play and its workspace. */
enum oac_status oac_analytic_play(void *self, uint32_t handle, struct oac_workspace *workspace,
                                  const struct oac_activation_frame *frame,
                                  struct oac_readouts *readouts, struct oac_err *err);
struct oac_workspace *oac_analytic_workspace_create(void *self, struct oac_err *err);
void oac_analytic_workspace_destroy(void *self, struct oac_workspace *workspace);

#endif

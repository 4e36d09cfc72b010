/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One thread's scratch memory in the analytic engine, and the client's light it holds for one tile of
 * windows. Grows to the largest frame seen, then stays. */
#ifndef OAC_SIM_ANALYTIC_WORKSPACE_H
#define OAC_SIM_ANALYTIC_WORKSPACE_H

#include "sim/analytic_bench.h"

/* Windows worked on together: as many as the sparse kernel groups. */
#define OAC_ANALYTIC_TILE 64

struct
    oac_operand { /* what the client's modulator lets through, less the null code's, per node */
    bool sparse;
    const uint32_t *begin; /* (tile + 1), sparse */
    const uint16_t *index; /* slots, sparse */
    float *t[OAC_ANALYTIC_NODES], *t2[OAC_ANALYTIC_NODES], *d[OAC_ANALYTIC_NODES];
    bool want_t2, want_d;
};

/* Where drift stands in one epoch. */
struct oac_motion {
    bool valid;
    uint64_t epoch;
    double client_v; /* of the client's V_peak */
    struct oac_laser_motion {
        double power;        /* relative */
        double cosine, sine; /* of the weight bias drift */
        float gain;          /* of the receiver, relative */
    } * laser;               /* (channels) */
};
#define OAC_MOTIONS 1024u /* epochs remembered: more than the images of a batch */

struct oac_workspace {
    size_t slots, cols; /* room for frames up to these */
    float *memory;
    uint16_t *code;                                     /* (tile, slots) dense codes */
    float *turns, *bends, *z_drive, *z_rin;             /* (slots + pad) of one window */
    float *s1, *v, *a;                                  /* (tile, cols) */
    float *z, *raw, *gain;                              /* (tile, cols), (cols), (cols) */
    float *moving_c, *moving_s, *moving_cd, *moving_sd; /* (tile, cols) */
    double *light_a, *light_b; /* (channels): light of each source, moving bench */
    float *z_laser;            /* (tile, channels padded) */
    double gain_sigma;         /* of low-frequency RIN in the window */
    struct oac_motion
        *motion; /* (OAC_MOTIONS) by epoch modulo; NULL on a bench without drift */
    struct oac_laser_motion *motion_memory;
    float *moments; /* (2, cols): mean and variance of counts, dead time */
    float peak;     /* the largest n tau/T of the window, dead time */
    double *rate;   /* (slots) arrivals per second of one readout, dead time */
    uint32_t begin[OAC_ANALYTIC_TILE + 1];
    struct oac_operand operand;
    double photons, launch;           /* sums over one play, for the account */
    struct oac_drift_cursor *cursors; /* (3 channels + 1) */
};

/* Makes room for a frame. */
enum oac_status oac_workspace_fit(const struct oac_analytic *self,
                                  struct oac_workspace *workspace, size_t slots, size_t cols,
                                  struct oac_err *err) OAC_MUST_USE;

/* Fills workspace->operand for windows first .. first+count-1 of a play. */
void oac_analytic_operand(const struct oac_analytic *self, const struct oac_frame *frame,
                          const struct oac_activation_frame *play, size_t first, size_t count,
                          struct oac_workspace *workspace);

/* sums (count, cols) += value x matrix over all nodes. */
void oac_analytic_product(const struct oac_analytic *self, const struct oac_frame *frame,
                          const struct oac_operand *operand, size_t count, float *const value[],
                          float *const matrix[], float *sums);

/* s1 of a moving bench: recomputed per window from unmixed sums. */
void oac_analytic_move(const struct oac_analytic *self, const struct oac_frame *frame,
                       const struct oac_activation_frame *play, size_t first, size_t count,
                       struct oac_workspace *workspace);

/* Adds the hum of a comb that walks off to s1; what straddles two slots to v. Both need dense operands. */
void oac_analytic_comb(const struct oac_analytic *self, const struct oac_frame *frame,
                       const struct oac_activation_frame *play, size_t first, size_t count,
                       struct oac_workspace *workspace);
void oac_analytic_straddle(const struct oac_frame *frame, size_t count,
                           struct oac_workspace *workspace);

/* The drift at a window; valid until the next call. */
const struct oac_motion *oac_analytic_motion(const struct oac_analytic *self, uint64_t slot0,
                                             struct oac_workspace *workspace);

/* Readouts that need more than one normal variate each: few electrons, dead time, gain drift, converter
 * errors, flags. raw (rows) holds unclipped codes; writes code (rows). Returns how many saturated. */
struct oac_exact_window {
    const struct oac_readout_window *light;
    size_t window; /* within the tile */
    uint64_t slot0;
    const float *raw;
    float *code;
    uint8_t *flag; /* may be NULL */
};
uint32_t oac_analytic_exact(const struct oac_analytic *self, const struct oac_frame *frame,
                            const struct oac_exact_window *exact,
                            struct oac_workspace *workspace);

#endif

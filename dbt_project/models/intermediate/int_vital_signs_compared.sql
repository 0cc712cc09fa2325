with results as (

    select * from {{ ref('int_vital_signs_windowed') }}

),

vital_signs as (

    select * from {{ source('study', 'vital_signs') }}

),

-- The value before dosing at the same visit and day: what a rise during the session is measured from.
before_dosing as (

    select
        usubjid,
        paramcd,
        visit,
        adt,
        aval,
        row_number() over (
            partition by usubjid, paramcd, visit, adt
            order by dtc desc nulls last, delivery_rank desc, srcseq desc
        ) as candidate
    from results
    where
        atpt = 'PRE-DOSE'
        and aval is not null
        and dtype is null

),

compared as (

    select
        results.*,
        vital_signs.above_crit,
        vital_signs.below_crit,
        vital_signs.rise_crit,
        vital_signs.fall_crit,
        coalesce(case when results.dtype is null then before_dosing.aval end, baselines.aval) as base,
        {{ is_above('results.aval', 'vital_signs.alert_above', 'vital_signs.alert_strict') }} as above_limit,
        {{ is_below('results.aval', 'vital_signs.alert_below', 'vital_signs.alert_strict') }} as below_limit,
        vital_signs.alert_rise,
        vital_signs.alert_fall,
        vital_signs.alert_strict
    from results
    left join vital_signs
        on results.paramcd = vital_signs.vstestcd and results.has_limits
    left join before_dosing
        on
            results.usubjid = before_dosing.usubjid
            and results.paramcd = before_dosing.paramcd
            and results.visit is not distinct from before_dosing.visit
            and results.adt is not distinct from before_dosing.adt
            and before_dosing.candidate = 1
    left join results as baselines
        on
            results.usubjid = baselines.usubjid
            and results.paramcd = baselines.paramcd
            and results.basetype is not distinct from baselines.basetype
            and baselines.ablfl = 'Y'

),

final as (

    select
        *,
        {{ is_above('aval - base', 'alert_rise', 'alert_strict') }} as above_rise,
        {{ is_above('base - aval', 'alert_fall', 'alert_strict') }} as above_fall
    from compared

)

select * from final

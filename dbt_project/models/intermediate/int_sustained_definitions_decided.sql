-- Whether each subject meets each definition of sustained response, and at which visit that was decided.
with visits as (

    select * from {{ ref('int_sustained_visits_judged') }}

),

definitions as (

    select * from {{ source('study', 'sustained') }}

),

-- A visit that is not known is a miss as far as anybody can tell: where that matters, so is the answer not known.
counted as (

    select
        usubjid,
        paramcd,
        aperiod,
        cast(count(*) as integer) as visits_asked,
        cast(count(case when crit1fl = 'Y' then 1 end) as integer) as visits_met,
        cast(count(case when crit1fl = 'N' then 1 end) as integer) as visits_missed,
        cast(count(case when crit1fl is null then 1 end) as integer) as visits_unknown,
        min(case when is_breach then avisitn end) as breach_avisitn,
        min(case when crit1fl is null then avisitn end) as unknown_avisitn,
        max(avisitn) as last_avisitn,
        case
            when max(case when is_breach then 1 else 0 end) = 1 then 'N'
            when max(case when crit1fl is null and not may_be_missed then 1 else 0 end) = 1 then null
            when count(case when coalesce(crit1fl, 'N') = 'N' then 1 end) <= max(allowed_misses) then 'Y'
        end as metfl
    from visits
    group by usubjid, paramcd, aperiod

),

final as (

    select
        counted.*,
        definitions.unless,
        case
            when counted.metfl = 'N' then counted.breach_avisitn
            when counted.metfl is null then counted.unknown_avisitn
            else counted.last_avisitn
        end as decided_avisitn,
        -- Who meets the one that takes precedence does not count here, also where nobody knows of this one.
        coalesce(counted.metfl, 'Y') = 'Y' and coalesce(earlier.metfl, 'N') = 'Y' as is_taken,
        case
            when counted.metfl = 'N' or definitions.unless is null then counted.metfl
            when earlier.metfl = 'Y' then 'N'
            when earlier.metfl = 'N' then counted.metfl
        end as crit1fl
    from counted
    left join definitions
        on counted.paramcd = definitions.paramcd
    left join counted as earlier
        on
            counted.usubjid = earlier.usubjid
            and counted.aperiod is not distinct from earlier.aperiod
            and definitions.unless = earlier.paramcd

)

select * from final

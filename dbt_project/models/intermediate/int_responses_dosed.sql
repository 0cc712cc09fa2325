{{ config(materialized='view') }}

-- The doses around each episode: the last one up to its start, those within it, those after it until the next. What
-- would need a date that is not known is not known.
with episodes as (

    select * from {{ ref('int_responses_grouped') }}

),

doses as (

    select * from {{ ref('int_doses_numbered') }}

),

followed as (

    select
        *,
        lead(start_day) over (partition by usubjid, endpoint, aperiod order by episode) as next_start_day,
        lead(startdt) over (partition by usubjid, endpoint, aperiod order by episode) as next_startdt
    from episodes

),

counted as (

    select
        followed.usubjid,
        followed.endpoint,
        followed.aperiod,
        followed.episode,
        followed.next_start_day,
        followed.startdt is not null and followed.enddt is not null as is_dated,
        followed.enddt is not null
        and (followed.next_start_day is null or followed.next_startdt is not null) as is_next_dated,
        count(case when doses.adt > followed.startdt and doses.adt < followed.enddt then 1 end) as doses_within,
        count(
            case
                when
                    doses.adt >= followed.enddt
                    and (followed.next_start_day is null or doses.adt < followed.next_startdt)
                    then 1
            end
        ) as doses_after,
        max(case when doses.adt <= followed.startdt then doses.adt end) as last_dose_date
    from followed
    left join doses
        on
            followed.usubjid = doses.usubjid
            and followed.aperiod is not distinct from doses.aperiod
    group by
        followed.usubjid,
        followed.endpoint,
        followed.aperiod,
        followed.episode,
        followed.next_start_day,
        followed.startdt,
        followed.enddt,
        followed.next_startdt

),

final as (

    select
        usubjid,
        endpoint,
        aperiod,
        episode,
        next_start_day,
        case when is_dated then doses_within end as doses_within,
        case when is_next_dated then doses_after end as doses_after,
        last_dose_date
    from counted

)

select * from final

-- The first planned visit of response (or remission) of each subject and period, by the values as they were observed.
with scores as (

    select * from {{ ref('int_scores_planned') }}

),

parameters as (

    select * from {{ source('study', 'durability') }}

),

endpoints as (

    select * from {{ source('study', 'endpoints') }}

),

judged as (

    select
        scores.*,
        parameters.paramcd as durability_paramcd,
        coalesce(scores.ady, scores.target_day) as start_day,
        case parameters.start
            when 'remission' then {{ remission_is_met('scores.aval', 'endpoints') }}
            else {{ response_is_met('scores.aval', 'scores.base', 'endpoints') }}
        end as is_met
    from scores
    inner join parameters
        on scores.endpoint = parameters.endpoint
    left join endpoints
        on scores.endpoint = endpoints.endpoint

),

ranked as (

    select
        *,
        row_number() over (
            partition by usubjid, durability_paramcd, aperiod
            order by avisitn
        ) as candidate
    from judged
    where is_met and start_day is not null

),

final as (

    select
        usubjid,
        trta,
        endpoint,
        durability_paramcd as paramcd,
        paramcd as instrument,
        aperiod,
        ady as startdy,
        start_day,
        delivery_rank,
        srcseq,
        base,
        adt as startdt,
        first_dose_date
    from ranked
    where candidate = 1

)

select * from final

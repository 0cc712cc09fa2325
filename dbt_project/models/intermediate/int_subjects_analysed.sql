with subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

classified as (

    select * from {{ ref('int_subjects_classified') }}

),

-- Several values of one qualifier are none that a population can be told by.
qualifiers as (

    select
        usubjid,
        'suppdm.' || lower(qnam) as qualifier,
        case when count(distinct qval) = 1 then max(qval) end as recorded_value
    from {{ ref('stg_landed__supplemental_qualifiers') }}
    where rdomain = 'DM'
    group by usubjid, lower(qnam)

),

conditions as (

    select * from {{ source('study', 'population') }}

),

compared as (

    select
        subjects.usubjid,
        conditions.operator,
        conditions.value,
        case conditions.variable
            when 'sex' then subjects.sex
            when 'race' then subjects.race
            when 'ethnic' then subjects.ethnic
            when 'country' then subjects.country
            when 'dx' then subjects.dx
            when 'stratum' then subjects.stratum
            when 'siteid' then subjects.siteid
            when 'eosstt' then classified.eosstt
            when 'enrlfl' then classified.enrlfl
            when 'randfl' then classified.randfl
            when 'saffl' then classified.saffl
            else qualifiers.recorded_value
        end as actual_value
    from subjects
    left join classified
        on subjects.usubjid = classified.usubjid
    cross join conditions
    left join qualifiers
        on
            subjects.usubjid = qualifiers.usubjid
            and conditions.variable = qualifiers.qualifier

),

-- A condition on something that was not recorded does not hold.
failed as (

    select
        usubjid,
        count(*) as conditions_failed
    from compared
    where
        not coalesce(
            case operator
                when '=' then actual_value = value
                when '!=' then actual_value <> value
            end,
            false
        )
    group by usubjid

),

final as (

    select
        subjects.usubjid,
        case when failed.usubjid is null then 'Y' else 'N' end as analysfl
    from subjects
    left join failed
        on subjects.usubjid = failed.usubjid

)

select * from final

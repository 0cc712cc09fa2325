with subjects as (

    select * from {{ ref('stg_landed__subjects') }}

),

classified as (

    select * from {{ ref('int_subjects_classified') }}

),

scheduled as (

    select * from {{ ref('int_subjects_scheduled') }}

),

analysed as (

    select * from {{ ref('int_subjects_analysed') }}

),

sessions as (

    select * from {{ ref('int_therapy_counted') }}

),

unblinded as (

    select * from {{ ref('int_treatments_unblinded') }}

),

sites as (

    select * from {{ source('study', 'sites') }}

),

final as (

    select
        subjects.studyid,
        subjects.usubjid,
        subjects.siteid,
        coalesce(sites.country, subjects.country) as country,
        subjects.sex,
        subjects.dx,
        scheduled.protocol_version,
        classified.trt01p,
        classified.trt01a,
        classified.trta,
        classified.trtseqp,
        classified.eosstt,
        classified.dcsreas,
        unblinded.treatment_unblinded_reason,
        'DM' as srcdom,
        subjects.delivery_id,
        subjects.source_file,
        subjects.age,
        cast(classified.doses as integer) as doses,
        cast(coalesce(sessions.therapy_sessions, 0) as integer) as therapy_sessions,
        coalesce(sessions.therapy_minutes, 0) as therapy_minutes,
        subjects.srcseq,
        classified.enrlfl,
        classified.randfl,
        classified.saffl,
        analysed.analysfl,
        case when unblinded.usubjid is not null then 'Y' end as treatment_unblinded_fl,
        subjects.icdt,
        scheduled.day_one_date as rfstdt,
        classified.randdt,
        classified.trtsdt,
        classified.trtedt,
        classified.eosdt,
        unblinded.treatment_unblinded_date
    from subjects
    left join classified
        on subjects.usubjid = classified.usubjid
    left join scheduled
        on subjects.usubjid = scheduled.usubjid
    left join analysed
        on subjects.usubjid = analysed.usubjid
    left join sessions
        on subjects.usubjid = sessions.usubjid
    left join unblinded
        on subjects.usubjid = unblinded.usubjid
    left join sites
        on subjects.siteid = sites.siteid

)

select * from final

with source as (

    select * from {{ source('landed', 'history') }}

),

deliveries as (

    select * from {{ source('landed', 'history_deliveries') }}

),

-- Landing keeps one record of a key. Where the arm tells two apart and may not be seen, their order does.
numbered as (

    select
        *,
        row_number() over (
            partition by export_number, step, domain, match_key
            order by _source_row, _record
        ) as occurrence
    from source

),

-- A full export is compared with the one after it, an increment's record with the next one of its key.
final as (

    select
        numbered.studyid,
        numbered.siteid,
        numbered.usubjid,
        numbered.domain,
        numbered.match_key,
        numbered.record_key,
        numbered.record_values,
        numbered.export_number,
        numbered.step,
        case
            when deliveries.is_increment
                then lead(numbered.step) over (
                        partition by numbered.export_number, numbered.domain, numbered.match_key, numbered.occurrence
                        order by numbered.step
                    )
            when numbered.step < deliveries.last_step then numbered.step + 1
        end as next_step,
        numbered.occurrence,
        numbered._source_row as source_row,
        deliveries.is_increment
    from numbered
    left join deliveries
        on numbered.export_number = deliveries.export_number
            and numbered.step = deliveries.step

)

select * from final

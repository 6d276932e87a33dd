"""A Glue ETL job (Glue 4 or 5, Spark 3.3 and newer): open findings per scan and severity, out of the findings store.

Job parameters: --source s3://BUCKET/PREFIX/findings/ --target s3://OTHER/folder/
The target is written anew by each run. Runs on any Spark: spark-submit glue_job.py --source ... --target ...
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as sql

SCAN = ["project", "branch", "date", "scan"]


def findings(spark: SparkSession, source: str) -> DataFrame:
    """Every finding with the partition it lies in; partition values stay text (a project may be called 007)."""
    spark.conf.set("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
    return spark.read.option("basePath", source).option("mergeSchema", "true").parquet(source)


def open_by_severity(rows: DataFrame) -> DataFrame:
    """One row per scan and severity: how many findings are open, how many distinct, how many suppressed."""
    is_open = ~sql.col("suppressed")
    return (
        rows.groupBy(*SCAN, "severity")
        .agg(
            sql.sum(sql.when(is_open, 1).otherwise(0)).alias("open"),
            sql.countDistinct(sql.when(is_open, sql.col("fingerprint"))).alias("distinct_open"),
            sql.sum(sql.when(is_open, 0).otherwise(1)).alias("suppressed"),
        )
        .orderBy(*SCAN, "severity")
    )


def main(arguments: Sequence[str]) -> None:
    """Read, count, write."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    # Glue adds parameters of its own, such as --JOB_NAME.
    chosen, _ = parser.parse_known_args(arguments)
    spark = SparkSession.builder.appName("holdfast-scans").getOrCreate()
    open_by_severity(findings(spark, chosen.source)).write.mode("overwrite").parquet(chosen.target)


if __name__ == "__main__":
    main(sys.argv[1:])

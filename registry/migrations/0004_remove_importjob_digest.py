from typing import ClassVar

from django.db import migrations


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0003_import_jobs")]

    operations: ClassVar = [migrations.RemoveField(model_name="importjob", name="digest")]

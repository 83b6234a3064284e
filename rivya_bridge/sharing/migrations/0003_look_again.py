"""An experiment that was sent before counts were kept with it is looked at again."""

from django.db import migrations


def look_again(apps, schema_editor):
    waiting = apps.get_model("sharing", "Staged").objects.filter(purpose="experiment")
    waiting.filter(status__in=["ready", "importing"]).update(status="looking")


class Migration(migrations.Migration):
    dependencies = [("sharing", "0002_work_in_the_background")]

    operations = [migrations.RunPython(look_again, migrations.RunPython.noop, elidable=True)]

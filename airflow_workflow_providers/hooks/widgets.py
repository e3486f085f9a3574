"""The connection form in the words of Airflow 3.1, made from the same data as that of later ones."""

from typing import Any


def form_widgets(form: dict[str, Any]) -> dict[str, Any]:
    """
    Return the form's extra fields as WTForms fields.

    :param form: an item of ``connection-types``.
    :return: a field for each, by its name.
    """
    # Airflow calls this only where a form is drawn; WTForms is not installed everywhere.
    from flask_appbuilder.fieldwidgets import BS3PasswordFieldWidget, BS3TextFieldWidget  # noqa: PLC0415
    from wtforms import BooleanField, IntegerField, PasswordField, StringField  # noqa: PLC0415
    from wtforms.validators import Optional, any_of  # noqa: PLC0415

    def widget(field: dict[str, Any]) -> Any:
        schema = field["schema"]
        kinds = schema["type"]
        options: dict[str, Any] = {
            "description": field.get("description", ""),
            "default": schema.get("default"),
            "validators": [Optional()],
        }
        if "enum" in schema:
            options["validators"].append(any_of(schema["enum"]))
        if "boolean" in kinds:
            return BooleanField(field["label"], **options)
        if "integer" in kinds:
            return IntegerField(field["label"], widget=BS3TextFieldWidget(), **options)
        # Airflow 3.1 leaves out what is neither this nor a text or password. So a number with a fraction is a text field,
        # and is read from text.
        if schema.get("format") == "password":
            return PasswordField(field["label"], widget=BS3PasswordFieldWidget(), **options)
        return StringField(field["label"], widget=BS3TextFieldWidget(), **options)

    return {name: widget(field) for name, field in form["conn-fields"].items()}


def field_behaviour(form: dict[str, Any]) -> dict[str, Any]:
    """
    Return how the form's standard fields are shown.

    :param form: an item of ``connection-types``.
    :return: ``hidden_fields``, ``relabeling`` and ``placeholders``.
    """
    return {key.replace("-", "_"): value for key, value in form["ui-field-behaviour"].items()}
